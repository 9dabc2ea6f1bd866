/** Makes docs/settings.md from the declarations of the settings; run it after a change of them. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pluginSettings } from '../src/app/installed-settings.ts';
import { coreSettings } from '../src/config/core-settings.ts';
import { serverSettings } from '../src/config/server-settings.ts';
import type { Declarations, Setting } from '../src/config/setting.ts';
import { storageSettings } from '../src/config/storage-settings.ts';

export const settingsFile = resolve(import.meta.dirname, '..', 'docs', 'settings.md');

const INTRODUCTION = `# Settings

Made from the declarations by \`scripts/settings-page.ts\`. A setting is looked for in this order: option of the command line, environment, file, default.
\`worker_ttl\`, for example, is \`--worker-ttl 60\`, \`DECKLE_WORKER_TTL=60\` or \`PULP_WORKER_TTL=60\`, and \`worker_ttl = 60\` in the TOML file named by
\`--config\` or \`DECKLE_CONFIG\`. Lists and tables are given in the environment as \`@json ["a", "b"]\`. \`deckle settings\` shows what is in effect and where it
comes from. Unknown and impossible settings keep the server from starting, with the reason.
`;

const SECTIONS: readonly [title: string, settings: Declarations][] = [
  ['This server', serverSettings],
  ['Where artifacts are kept', storageSettings],
  ['Shared with Pulp', coreSettings],
  ['Package types', pluginSettings],
];

export function settingsPage(): string {
  return [INTRODUCTION, ...SECTIONS.map(([title, settings]) => section(title, settings))].join('\n');
}

function section(title: string, settings: Declarations): string {
  const rows = Object.entries(settings).map(
    ([name, setting]) => `| \`${name}\` | ${typeOf(setting)} | ${defaultOf(setting)} | ${meaningOf(name, setting)} |`,
  );
  return [`## ${title}`, '', '| name | type | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function typeOf({ type, choices }: Setting<unknown>): string {
  if (type === 'choice') return (choices ?? []).map((choice) => `\`${choice === '' ? '""' : choice}\``).join(', ');
  return type.startsWith('optional-') ? `${type.slice('optional-'.length)} or null` : type;
}

function defaultOf({ default: value }: Setting<unknown>): string {
  return `\`${JSON.stringify(value)}\``;
}

function meaningOf(name: string, { help, peerName, secret, minimum }: Setting<unknown>): string {
  const more = [
    minimum ? `at least ${minimum}` : undefined,
    peerName !== undefined && peerName !== name.toUpperCase() ? `in Pulp \`${peerName}\`` : undefined,
    secret ? 'secret' : undefined,
  ].filter((part) => part !== undefined);
  return `${help}${more.length > 0 ? ` (${more.join('; ')})` : ''}`.replaceAll('|', '\\|');
}

if (process.argv[1] === join(import.meta.dirname, 'settings-page.ts')) writeFileSync(settingsFile, settingsPage());
