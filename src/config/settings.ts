/** The settings of the core, declared once; everything else about them is derived from here. Package types add their own. */
import { coreSettings } from './core-settings.ts';
import { serverSettings } from './server-settings.ts';
import { camelCase, type Declarations, type SettingsOf } from './setting.ts';
import { storageSettings } from './storage-settings.ts';

export const declarations = { ...serverSettings, ...storageSettings, ...coreSettings };

type SettingName = keyof typeof declarations;
export type Settings = SettingsOf<typeof declarations>;

const settingNames = Object.keys(declarations) as SettingName[];

/** The defaults with some values replaced: for tests and for parts that run without a command line. */
export function makeSettings(values: Partial<Settings> = {}): Settings {
  const settings: Record<string, unknown> = {};
  for (const name of settingNames) settings[camelCase(name)] = declarations[name].default;
  return Object.freeze({ ...settings, ...values }) as Settings;
}

/** With the defaults of declared settings that are not among them: where no command line was read, those of package types. */
export function withDefaults(settings: Settings, declared: Declarations): Settings {
  const defaults = Object.entries(declared).map(([name, setting]) => [camelCase(name), setting.default]);
  return Object.freeze({ ...Object.fromEntries(defaults), ...settings });
}
