/** One run of the PostgreSQL server under its guardian, and what to do about one left over from before. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { hereDirectory, programEnvironment } from './cluster.ts';
import type { Programs } from './programs.ts';
import { EmbeddedPostgresError, type RunAs } from './system-user.ts';

/** PostgreSQL's own words, one line each, with its severity (LOG, WARNING, FATAL, PANIC …). */
export type ServerLog = (severity: string, message: string) => void;

/** Given as text, because the user PostgreSQL runs as may not be able to read the file. */
const guardian = readFileSync(join(import.meta.dirname, 'guardian.sh'), 'utf8').replace(/^\s*#.*\n/gm, '');

export class Postmaster {
  readonly #child: ChildProcess;
  /** Resolves with the exit code when the server and its guardian are gone. */
  readonly ended: Promise<number | null>;
  #running = true;

  constructor(directory: string, programs: Programs, runAs: RunAs, log: ServerLog) {
    const options = ['-D', hereDirectory, '-c', `config_file=${hereDirectory}/deckle.conf`];
    this.#child = spawn('/bin/sh', ['-c', guardian, 'deckle-postgres', programs.postgres, ...options], {
      ...runAs.ids,
      cwd: directory,
      env: programEnvironment(),
      // A session of its own keeps the terminal's Ctrl-C away; we decide when PostgreSQL stops.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    readLog(this.#child.stderr as Readable, log);
    this.#child.stdio[3]?.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', (code) => {
        this.#running = false;
        // Without its guardian a server would have nobody to tell it that we are gone.
        this.#release();
        resolve(code);
      });
    });
    this.ended.catch(() => {});
  }

  get running(): boolean {
    return this.#running;
  }

  /** Waits until connections are accepted; recovery after a crash may take its time. */
  async ready(directory: string): Promise<void> {
    while (this.#running) {
      if (readPidFile(directory)?.status === 'ready') return;
      await Promise.race([sleep(10), this.ended]);
    }
    throw new EmbeddedPostgresError(`PostgreSQL ended while starting (exit code ${await this.ended})`);
  }

  /** Fast shutdown: open transactions are rolled back, everything is on disk afterwards. */
  async stop(): Promise<void> {
    this.#release();
    await this.ended.catch(() => {});
  }

  #release(): void {
    (this.#child.stdio[3] as Writable | null)?.destroy();
  }
}

function readLog(stream: Readable, log: ServerLog): void {
  createInterface({ input: stream }).on('line', (line) => {
    const match = /^([A-Z]+):\s+(.*)$/.exec(line);
    if (match) log(match[1] as string, match[2] as string);
    else if (line.trim() !== '') log('LOG', line.trim());
  });
}

interface PidFile {
  pid: number;
  status: string;
}

function readPidFile(directory: string): PidFile | undefined {
  try {
    const lines = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, status: (lines[7] ?? '').trim() } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process is a PostgreSQL server that works in this very directory. */
function worksIn(pid: number, directory: string): boolean {
  try {
    const [there, here] = [statSync(`/proc/${pid}/cwd`), statSync(directory)];
    return there.ino === here.ino && there.dev === here.dev && readlinkSync(`/proc/${pid}/exe`).includes('postgres');
  } catch {
    return false;
  }
}

/**
 * Ends a server that outlived the program that started it, and removes the mark of one that died. The caller holds
 * the lock of the data directory, so whatever is found here is not in use by another of our servers.
 */
export async function clearLeftover(directory: string, log: ServerLog): Promise<void> {
  const left = readPidFile(directory);
  for (const [signal, patience] of [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!left || !worksIn(left.pid, directory)) break;
    log('WARNING', `stopping PostgreSQL left over from an earlier run (process ${left.pid}, ${signal})`);
    process.kill(left.pid, signal);
    const until = Date.now() + patience;
    while (worksIn(left.pid, directory) && Date.now() < until) await sleep(20);
  }
  // PostgreSQL would take any process with the old number for its predecessor, even one that is dead but not collected.
  for (const name of ['postmaster.pid', '.s.PGSQL.5432', '.s.PGSQL.5432.lock']) {
    rmSync(join(directory, name), { force: true });
  }
}
