/** Finds the shell blocks of documents, and runs or checks them as their marks say. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { installedSettings } from '../../src/app/installed-settings.ts';
import { commands } from '../../src/cli/commands.ts';

/** `run`: to its end. `background`: a server that is waited for. `external`: with an external database. `check`: not run, because it changes the machine. `curl`: against a server. `pulp`: the same with the client of that name. `python`: with installers of Python packages. */
export type Mark = 'run' | 'background' | 'external' | 'check' | 'curl' | 'pulp' | 'python';

export interface ShellBlock {
  readonly line: number;
  readonly mark: Mark | undefined;
  readonly text: string;
}

const FENCE = /^```sh *(\w*)\n([\s\S]*?)^```$/gm;

export function shellBlocks(file: string): ShellBlock[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(FENCE)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    mark: (match[1] || undefined) as Mark | undefined,
    text: match[2]!,
  }));
}

/** Command lines of the program in a text, as words. */
export function programLines(text: string): string[][] {
  return [...text.matchAll(/(?:^|\/)deckle ([a-z].*)$/gm)].map((match) => match[1]!.trim().split(/\s+/));
}

/** What the program would not understand of a command line, in words. */
export async function misunderstood(line: readonly string[]): Promise<string | undefined> {
  const [name, ...rest] = line[0] === 'manager' ? line.slice(1) : line;
  const command = await commands.find((one) => one.name === name)?.load();
  if (!command) return `there is no command ${name}`;
  const settings = Object.entries(installedSettings).map(([setting, declared]) => {
    const type = declared.type === 'boolean' ? ('boolean' as const) : ('string' as const);
    return [setting.replaceAll('_', '-'), { type }] as const;
  });
  const options = { config: { type: 'string' as const }, ...Object.fromEntries(settings), ...command.options };
  try {
    const { positionals } = parseArgs({ args: rest, options, allowPositionals: true, allowNegative: true });
    return positionals.length > (command.words?.length ?? 0) ? `${name} takes no ${positionals.at(-1)}` : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
