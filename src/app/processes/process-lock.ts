/** A lock file that names the process holding it: at most one server works on a data directory. */

import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { processSpace, startTimeOf } from '../../lib/process/process-identity.ts';

interface Holder {
  pid: number;
  startTime: string;
  /** Empty where the system does not tell. */
  space: string;
  host: string;
}

export interface ProcessLock {
  release(): void;
}

const touchEvery = 4_000;
const staleAfter = 13_000;

/** Takes the lock, or gives the words why it cannot be had. Locks of dead processes are taken over. */
export async function acquireProcessLock(file: string): Promise<ProcessLock | string> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (tryCreate(file)) return held(file);
    const holder = readHolder(file);
    if (holder === undefined) {
      await sleep(50);
      continue;
    }
    if (await isAlive(file, holder)) return `process ${holder.pid} on ${holder.host}`;
    takeAway(file, holder);
  }
  return 'another process that is starting just now';
}

/** Whether a live process holds the lock. */
export async function isLocked(file: string): Promise<boolean> {
  const holder = readHolder(file);
  return holder !== undefined && (await isAlive(file, holder));
}

function held(file: string): ProcessLock {
  const mine = readFileSync(file, 'utf8');
  const timer = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The data directory was removed under us; there is nothing left to protect.
    }
  }, touchEvery);
  timer.unref();
  return {
    release() {
      clearInterval(timer);
      try {
        if (readFileSync(file, 'utf8') === mine) unlinkSync(file);
      } catch {
        // Gone already.
      }
    },
  };
}

/** The file appears with its content or not at all: a link is made, not a file written. */
function tryCreate(file: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(describeProcess()), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? false : tryCreateWithoutLinks(file);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Some file systems know no hard links; there the file is seen empty for a moment, and read again. */
function tryCreateWithoutLinks(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify(describeProcess()), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Of several processes that find a dead holder, only one succeeds in moving its file away. */
function takeAway(file: string, dead: Holder): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (JSON.stringify(moved) !== JSON.stringify(dead)) {
    // Another process was faster and holds the lock now: give its file back.
    try {
      linkSync(aside, file);
    } catch {
      // A third one has it.
    }
  }
  rmSync(aside, { force: true });
}

async function isAlive(file: string, holder: Holder): Promise<boolean> {
  if (holder.space !== '' && holder.space === processSpace()) return startTimeOf(holder.pid) === holder.startTime;
  // Another container or machine on the same files: only its regular touch of the file tells that it lives.
  const deadline = Date.now() + staleAfter;
  const first = touchedAt(file);
  while (Date.now() < deadline) {
    if (touchedAt(file) !== first) return true;
    await sleep(250);
  }
  return false;
}

function touchedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function describeProcess(): Holder {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    space: processSpace() ?? '',
    host: hostname(),
  };
}
