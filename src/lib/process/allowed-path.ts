/** Whether a path of this machine lies below directories an operator allows: whole components, symbolic links resolved. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { isErrno } from './errno.ts';

/** The path with all links resolved, also where its last parts are not there yet; undefined when it is not allowed. */
export async function resolveAllowedPath(path: string, allowed: readonly string[]): Promise<string | undefined> {
  if (!isAbsolute(path) || path.includes('\0') || path.split('/').includes('..')) return undefined;
  const real = await realOf(path);
  for (const root of allowed) {
    const start = await realOf(root).catch(() => undefined);
    if (start !== undefined && (start === '/' || real === start || real.startsWith(`${start}/`))) return real;
  }
  return undefined;
}

async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    const parent = dirname(path);
    return parent === path ? path : join(await realOf(parent), basename(path));
  }
}
