/** The data directory: made on first use, used by one server at a time. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { embeddedUrl } from '../db/embedded/embedded.ts';
import { acquireProcessLock, isLocked, type ProcessLock } from './process-lock.ts';

/** Something about the surroundings keeps the program from starting; the message is for the operator. */
export class StartRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartRefused';
  }
}

export function clusterDirectory(settings: Settings): string {
  return join(settings.data, 'postgres');
}

function lockFile(settings: Settings): string {
  return join(settings.data, 'deckle.lock');
}

/** Makes the directory, readable by its owner only because keys are kept in it. */
export function makeDataDirectory(settings: Settings): void {
  try {
    mkdirSync(settings.data, { recursive: true, mode: 0o700 });
    accessSync(settings.data, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartRefused(
      `The data directory ${settings.data} cannot be used (${(error as Error).message}). Choose another with --data.`,
      error,
    );
  }
}

/** Makes the directory and locks it until the process ends or releases it. */
export async function lockDataDirectory(settings: Settings): Promise<ProcessLock> {
  makeDataDirectory(settings);
  const lock = await acquireProcessLock(lockFile(settings));
  if (typeof lock !== 'string') return lock;
  throw new StartRefused(
    `The data directory ${settings.data} is in use by ${lock}. Stop that server, or choose another directory with --data.`,
  );
}

/** URL of the embedded database while a server runs on this data directory. */
export async function runningDatabase(settings: Settings): Promise<string | undefined> {
  return (await isLocked(lockFile(settings))) ? embeddedUrl(clusterDirectory(settings)) : undefined;
}
