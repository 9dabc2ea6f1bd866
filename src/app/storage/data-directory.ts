/** The data directory: made on first use, used by one server at a time. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { embeddedUrl } from '../../db/embedded/embedded.ts';
import { acquireProcessLock, isLocked, type ProcessLock } from '../processes/process-lock.ts';

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

export function lockFile(settings: Settings): string {
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

/** Exists while a restore has begun and not ended. */
export function restoreMark(settings: Settings): string {
  return join(settings.data, 'restore-unfinished');
}

/** Makes the directory and locks it until the process ends or releases it. Only a restore goes on where one has not ended. */
export async function lockDataDirectory(settings: Settings, purpose: 'use' | 'restore' = 'use'): Promise<ProcessLock> {
  makeDataDirectory(settings);
  if (purpose === 'use' && existsSync(restoreMark(settings))) {
    throw new StartRefused(
      `A restore into ${settings.data} was not finished. Run deckle restore again; the same backup goes on where it was.`,
    );
  }
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
