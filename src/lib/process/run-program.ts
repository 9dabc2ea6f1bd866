/** Runs a program of the system to its end, with bounds on time and output. */
import { spawn } from 'node:child_process';

interface ProgramOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to its standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds; then it is killed. */
  readonly timeout?: number;
}

interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MOST_OUTPUT = 16 * 1024 * 1024;
const TIMEOUT = 10 * 60_000;

/** The program could not be started, was killed, or said too much. */
export class ProgramFailed extends Error {
  /** It is not installed. */
  readonly missing: boolean;
  constructor(message: string, missing = false) {
    super(message);
    this.name = 'ProgramFailed';
    this.missing = missing;
  }
}

/** Answers how it ended, whatever its exit code. Throws ProgramFailed, or the signal's reason. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { env, cwd, signal, input, timeout = TIMEOUT } = options;
  signal?.throwIfAborted();
  const child = spawn(program, args, { cwd, env: env ?? process.env });
  const stop = () => child.kill('SIGKILL');
  const timer = setTimeout(stop, timeout);
  signal?.addEventListener('abort', stop, { once: true });
  child.stdin.on('error', () => {}); // it need not read what it is given
  child.stdin.end(input ?? '');
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(startError(program, error)));
      child.once('close', (code, killed) =>
        code === null ? reject(new ProgramFailed(`${program} was ended by ${killed}.`)) : resolve(code),
      );
    });
    const [code, stdout, stderr] = await Promise.all([ended, textOf(child.stdout), textOf(child.stderr)]);
    return { code, stdout, stderr };
  } catch (error) {
    stop();
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function startError(program: string, error: NodeJS.ErrnoException): ProgramFailed {
  if (error.code === 'ENOENT') return new ProgramFailed(`There is no program ${program} on this machine.`, true);
  return new ProgramFailed(`${program} could not be started: ${error.code ?? error.message}.`);
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > MOST_OUTPUT) throw new ProgramFailed('A program wrote more than is read of it.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
