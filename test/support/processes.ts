/** Looks at the processes of the system, for tests about processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface ProcessInfo {
  pid: number;
  parent: number;
  state: string;
}

function readProcess(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), state: state as string };
  } catch {
    return undefined;
  }
}

function allProcesses(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((info) => info !== undefined);
}

/** The process and all its descendants that run now. */
export function processTree(root: number): number[] {
  const all = allProcesses();
  const found = [root];
  for (const pid of found) found.push(...all.filter(({ parent }) => parent === pid).map((info) => info.pid));
  return found;
}

/** Whether the process still does something; one that only waits to be collected does not. */
export function isRunning(pid: number): boolean {
  const info = readProcess(pid);
  return info !== undefined && info.state !== 'Z' && info.state !== 'X';
}

export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** The child of a process whose command line contains the words. */
export function findBelow(root: number, words: string): number {
  const pid = processTree(root).find((candidate) => candidate !== root && commandLine(candidate).includes(words));
  if (pid === undefined) throw new Error(`There is no process ${JSON.stringify(words)} below ${root}`);
  return pid;
}

/** Waits until none of the processes runs, and gives the command lines of those that still do at the end. */
export async function allGone(pids: readonly number[], milliseconds: number): Promise<string[]> {
  const deadline = Date.now() + milliseconds;
  while (pids.some(isRunning) && Date.now() < deadline) await sleep(20);
  return pids.filter(isRunning).map((pid) => `${pid} ${commandLine(pid)}`);
}

/** SIGKILL for all of them; some may have ended because others did. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
