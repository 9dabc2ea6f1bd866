/** `settings`: shows the settings in effect with their sources; secrets are masked. */
import { installedSettings } from '../app/installed-settings.ts';
import { camelCase, type Setting } from '../config/setting.ts';
import type { Settings } from '../config/settings.ts';
import type { Command } from './command.ts';

const command: Command = {
  options: {
    json: { type: 'boolean', help: 'print one JSON object' },
    changed: { type: 'boolean', help: 'only those that differ from their defaults' },
  },
  async run({ settings, loaded, options }) {
    const rows = Object.entries(installedSettings)
      .map(([name, setting]) => {
        const value = settings[camelCase(name) as keyof Settings];
        return { name, value: mask(setting, value), source: loaded?.sources[name] ?? 'default' };
      })
      .filter(({ source }) => options.changed !== true || source !== 'default');
    if (options.json === true) {
      const object = Object.fromEntries(rows.map(({ name, value, source }) => [name, { value, source }]));
      process.stdout.write(`${JSON.stringify(object, null, 2)}\n`);
    } else {
      for (const { name, value, source } of rows) {
        process.stdout.write(`${name} = ${JSON.stringify(value)}${source === 'default' ? '' : `  # ${source}`}\n`);
      }
    }
    return 0;
  },
};
export default command;

function mask(setting: Setting<unknown>, value: unknown): unknown {
  if (!setting.secret) return value;
  const empty = value === '' || (setting.type === 'table' && Object.keys(value as object).length === 0);
  return empty ? value : '***';
}
