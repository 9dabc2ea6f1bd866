/** The help texts, made from the list of commands and the declared settings. */
import { installedSettings } from '../app/installed-settings.ts';
import { declarations } from '../config/settings.ts';
import type { Command } from './command.ts';
import { commands, type NamedCommand } from './commands.ts';

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

export function generalHelp(): string {
  return [
    'deckle <command> [options]',
    '',
    'Commands:',
    columns(commands.map(({ name, summary }) => [name, summary] as const)),
    '',
    'deckle --version tells the version, deckle <command> --help its options, deckle help settings all settings. Each setting is an option of every',
    'command (--worker-ttl 60), an environment variable (DECKLE_WORKER_TTL=60, or PULP_WORKER_TTL=60) and a key of the',
    'TOML file given by --config (worker_ttl = 60).',
  ].join('\n');
}

export function commandHelp({ name, summary }: NamedCommand, command: Command): string {
  const words = command.words?.map((word) => ` ${word}`).join('') ?? '';
  const options = Object.entries(command.options ?? {})
    .filter(([, { hidden }]) => !hidden)
    .map(([option, { type, help }]) => [type === 'string' ? `--${option} …` : `--${option}`, help] as const);
  return [
    `deckle ${name}${words} [options]`,
    `  ${summary}`,
    ...(options.length > 0 ? ['', 'Options:', columns(options)] : []),
    '',
    'All settings are options too; the most used:',
    columns(
      (['data', 'bind', 'web', 'workers', 'database_url', 'log_level'] as const).map(
        (setting) => [`--${setting.replaceAll('_', '-')} …`, declarations[setting].help] as const,
      ),
    ),
    '',
    'deckle help settings tells the others.',
  ].join('\n');
}

export function settingsHelp(): string {
  const rows = columns(
    Object.entries(installedSettings).map(
      ([name, { type, help, default: value }]) =>
        [`${name} (${type.replace('optional-', '')})`, `${help} [${JSON.stringify(value)}]`] as const,
    ),
  );
  return `Each as --some-name, DECKLE_SOME_NAME in the environment, or some_name in the file; defaults in brackets.\n\n${rows}`;
}
