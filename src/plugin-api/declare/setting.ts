/** Settings of package types: declared in a file of the plugin that imports nothing else, read through `settingsFor`. */

import type { Declarations, SettingsOf } from '../../config/setting.ts';
import type { Settings } from '../../config/settings.ts';
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

/** The settings that a plugin declares, typed. They are among those of every process, with their defaults. */
export function settingsFor<D extends Declarations>(
  { settings }: Pick<Services, 'settings'>,
  _declared: D,
): SettingsOf<D> {
  return settings as Settings & SettingsOf<D>;
}
