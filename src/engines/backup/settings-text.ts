/** The settings in effect as a file that `--config` takes. */
import { stringify } from 'smol-toml';
import type { LoadedSettings } from '../../config/load-settings.ts';
import { camelCase } from '../../config/setting.ts';
import type { Settings } from '../../config/settings.ts';

/** All that differ from their defaults, with where each came from; without secrets unless asked for. */
export function settingsText({ settings, sources, declarations }: LoadedSettings, secrets: boolean): string {
  const chosen = Object.entries(declarations)
    .filter(([name, { secret }]) => sources[name] !== 'default' && (secrets || !secret))
    .map(([name]) => name);
  const values = chosen
    .map((name) => [name, settings[camelCase(name) as keyof Settings]] as const)
    .filter(([, value]) => value !== null);
  const origins = chosen.map((name) => `# ${name}: ${sources[name]}\n`).join('');
  return `# Settings of the server when the backup was made.\n${origins}\n${stringify(Object.fromEntries(values))}`;
}
