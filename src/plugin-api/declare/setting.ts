/** Settings of package types: declared in a file of the plugin that imports nothing else, read through `settingsFor`. */

import { camelCase, type Declarations, type SettingsOf } from '../../config/setting.ts';
import type { Services } from '../contracts/context.ts';

export {
  boolean,
  choice,
  type Declarations,
  integer,
  list,
  optionalInteger,
  optionalText,
  pathPrefix,
  table,
  text,
} from '../../config/setting.ts';

const read = new WeakMap<object, WeakMap<Declarations, object>>();

/** The settings that a plugin declares, typed, with their defaults where a program runs without a command line. */
export function settingsFor<D extends Declarations>(
  { settings }: Pick<Services, 'settings'>,
  declarations: D,
): SettingsOf<D> {
  const byDeclarations = read.get(settings) ?? new WeakMap<Declarations, object>();
  read.set(settings, byDeclarations);
  let own = byDeclarations.get(declarations);
  if (!own) {
    const all = settings as unknown as Record<string, unknown>;
    own = Object.freeze(
      Object.fromEntries(
        Object.entries(declarations).map(([name, { default: value }]) => {
          const key = camelCase(name);
          return [key, key in all ? all[key] : value];
        }),
      ),
    );
    byDeclarations.set(declarations, own);
  }
  return own as SettingsOf<D>;
}
