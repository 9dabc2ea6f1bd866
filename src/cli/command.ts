/** What a command of the program is: options of its own, and its work. Its name and its line of help are in the list of commands. */
import type { AppLogger } from '../app/processes/logging.ts';
import type { LoadedSettings } from '../config/load-settings.ts';
import type { Settings } from '../config/settings.ts';

export interface CommandOption {
  type: 'string' | 'boolean';
  help: string;
  /** One letter: `-p`. */
  short?: string;
  /** May be given several times. */
  multiple?: boolean;
  /** Not shown in the help. */
  hidden?: boolean;
}

export interface CommandContext {
  settings: Settings;
  /** With the source of each value; absent in processes that got their settings from their parent. */
  loaded: LoadedSettings | undefined;
  options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  /** Words that are not options. */
  words: readonly string[];
  logger: AppLogger;
}

export interface Command {
  /** Names of the words it takes, such as `<directory>`. */
  words?: readonly string[];
  options?: Readonly<Record<string, CommandOption>>;
  /** Resolves when the command is done; a number becomes the exit code. */
  run(context: CommandContext): Promise<number | undefined>;
}

/** The values of an option that may be given several times. */
export function optionValues(context: Pick<CommandContext, 'options'>, name: string): string[] {
  const value = context.options[name];
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
}

/** The value of an option that takes a word; undefined when it was not given. */
export function optionValue(context: Pick<CommandContext, 'options'>, name: string): string | undefined {
  return optionValues(context, name).at(-1);
}

/** The command could not be understood or done; the message is for the person at the terminal. */
export class CommandFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandFailed';
  }
}
