/** Runs commands of the program as an operator would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const mainFile = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** Starts `deckle WORDS…` without settings of the developer's shell. */
export function startCommand(words: readonly string[], options: CommandOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [mainFile, ...words], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(options.input ?? '');
  return child;
}

/** Runs `deckle WORDS…` to its end. */
export async function runCommand(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = startCommand(words, options);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (piece) => (texts[name] += piece));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}
