/** Where tasks keep temporary files: a directory per worker and task, made when asked for and removed at the end. */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from '../../config/settings.ts';

/** A name as one component of a path. */
function component(name: string): string {
  return name.replace(/[^\w.@-]/g, '_').replace(/^\.+/, '_');
}

export function workerDirectory(settings: Settings, worker: string): string {
  const root = settings.workingDirectory || join(settings.data, 'tmp');
  return resolve(root, component(worker));
}

export function taskDirectory(settings: Settings, worker: string, pulpId: string): string {
  return join(workerDirectory(settings, worker), pulpId);
}

export async function makeDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Removes a directory with what is in it; leftovers that cannot be removed are no reason to fail. */
export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 2 }).catch(() => {});
}
