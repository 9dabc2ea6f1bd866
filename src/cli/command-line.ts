/** Reads the command line: which command, its options, the settings; runs it and ends the process with its exit code. */
import { parseArgs } from 'node:util';
import { installedSettings } from '../app/installed-settings.ts';
import { OperatorError } from '../app/operator/operator-error.ts';
import { settingsFromParent } from '../app/processes/child-process.ts';
import { createLogger } from '../app/processes/logging.ts';
import { programVersion } from '../app/processes/program-version.ts';
import { StartRefused } from '../app/storage/data-directory.ts';
import { type LoadedSettings, loadSettings, SettingsError } from '../config/load-settings.ts';
import { EmbeddedPostgresError } from '../db/embedded/system-user.ts';
import { DatabaseUnavailable } from '../db/errors.ts';
import { MigrationRefused } from '../db/migrate.ts';
import { BackupRefused } from '../engines/backup/backup-refused.ts';
import { messageOf } from '../lib/errors.ts';
import { isErrno } from '../lib/process/errno.ts';
import { type Command, type CommandContext, CommandFailed } from './command.ts';
import { commands } from './commands.ts';
import { commandHelp, generalHelp, settingsHelp } from './help.ts';
import { nearest } from './nearest.ts';

/** Failures whose words say everything; all others show where they come from. */
const explained = [
  SettingsError,
  StartRefused,
  CommandFailed,
  MigrationRefused,
  EmbeddedPostgresError,
  DatabaseUnavailable,
  BackupRefused,
  OperatorError,
] as const;

/** Of the operating system, or of what tells it on. */
const isFullDisk = (error: unknown) =>
  [error, (error as Error | undefined)?.cause].some((one) => isErrno(one, 'ENOSPC', 'EDQUOT'));

/** Runs the command and ends the process. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  let code: number;
  try {
    code = (await dispatch(argv)) ?? 0;
  } catch (error) {
    const known = explained.some((kind) => error instanceof kind) || isFullDisk(error);
    process.stderr.write(`${known ? messageOf(error) : ((error as Error)?.stack ?? String(error))}\n`);
    code = 1;
  }
  process.exit(code);
}

async function dispatch(argv: readonly string[]): Promise<number | undefined> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    print(rest[0] === 'settings' ? settingsHelp() : generalHelp());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === 'version') {
    print(programVersion());
    return 0;
  }
  // Pulp's program for operators: the same verbs, behind one word.
  if (name === 'manager') return dispatch(rest);
  const entry = commands.find((command) => command.name === name);
  if (!entry) throw new CommandFailed(unknownCommand(name));
  const command = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    print(commandHelp(entry, command));
    return 0;
  }
  return command.run(await readContext(entry.name, command, rest));
}

function unknownCommand(name: string): string {
  const names = commands.map((command) => command.name);
  const meant = nearest(name, names);
  const help = meant === undefined ? `Commands: ${names.join(', ')}` : `Did you mean ${meant}? See: deckle help`;
  return `There is no command ${name}. ${help}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function readContext(command: string, declared: Command, rest: readonly string[]): Promise<CommandContext> {
  const { values, positionals } = readWords(command, declared, rest);
  if (positionals.length > (declared.words?.length ?? 0)) {
    throw new CommandFailed(`${command} does not take ${JSON.stringify(positionals.at(-1))}. ${seeHelp(command)}`);
  }
  const own = declared.options ?? {};
  const options: CommandContext['options'] = Object.fromEntries(Object.entries(values).filter(([name]) => name in own));
  const flags = Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => !(name in own))
      .map(([name, value]) => [name.replaceAll('-', '_'), value as string | boolean]),
  );
  const loaded: LoadedSettings | undefined =
    options.child === true ? undefined : loadSettings({ flags, declarations: installedSettings });
  const settings = loaded?.settings ?? (await settingsFromParent());
  const logger = createLogger(settings, 'pulpcore.app');
  return { settings, loaded, options, words: positionals, logger };
}

function readWords(command: string, declared: Command, rest: readonly string[]) {
  try {
    return parseArgs({
      args: [...rest],
      allowPositionals: true,
      allowNegative: true,
      options: { config: { type: 'string' }, ...settingOptions(), ...declared.options },
    });
  } catch (error) {
    throw new CommandFailed(`${wordsOf(error)}. ${seeHelp(command)}`);
  }
}

/** What Node says of options, without its advice on how to call its own function. */
function wordsOf(error: unknown): string {
  const text = messageOf(error);
  const option = /^Option '(-[^' ]+)[^']*' argument is ambiguous/.exec(text)?.[1];
  if (option !== undefined)
    return `Option ${option} needs a value; one that begins with a dash is written ${option}=VALUE`;
  return text.split('. To specify')[0]!;
}

/** Every setting is an option of every command. */
function settingOptions() {
  return Object.fromEntries(
    Object.entries(installedSettings).map(([name, setting]) => {
      const type = setting.type === 'boolean' ? ('boolean' as const) : ('string' as const);
      return [name.replaceAll('_', '-'), { type }];
    }),
  );
}

function seeHelp(command: string): string {
  return `See: deckle ${command} --help`;
}
