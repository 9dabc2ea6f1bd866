/** Watches the memory of every process of a server while something is measured. */
import { readFileSync } from 'node:fs';
import { commandLine } from '../test/support/processes.ts';
import type { TestServer } from '../test/support/server.ts';

/** Largest resident memory in MiB of each process below the server, by what it is; shared pages of PostgreSQL do not count for each. */
export class MemoryWatch {
  readonly largest = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(server: TestServer) {
    this.#timer = setInterval(() => this.#look(server), 250);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The three largest, in words. */
  get summary(): string {
    const worst = [...this.largest].sort((a, b) => b[1] - a[1]).slice(0, 3);
    return worst.map(([kind, mib]) => `${kind} ${mib} MiB`).join(', ');
  }

  #look(server: TestServer): void {
    for (const pid of server.processes()) {
      const kind = kindOf(commandLine(pid));
      const used = memoryOf(pid);
      if (used > (this.largest.get(kind) ?? 0)) this.largest.set(kind, used);
    }
  }
}

function kindOf(line: string): string {
  if (line.startsWith('postgres:')) return line.split(' ').slice(0, 2).join(' ');
  if (/bin\/postgres/.test(line)) return 'postgres';
  return /task-child|main\.ts (\w+)/.exec(line)?.slice(0, 2).filter(Boolean).at(-1) ?? line.slice(0, 40);
}

function memoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    return Math.round((kib('VmRSS') - kib('RssShmem')) / 1024);
  } catch {
    return 0;
  }
}
