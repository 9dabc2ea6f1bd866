/** Reading of `file:` URLs, only below directories an operator allows. */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isErrno } from '../lib/process/errno.ts';
import { DownloadError, statusError } from './download-error.ts';
import { DownloadResponse } from './download-response.ts';

/**
 * The file as an answer with status 200. Throws DownloadError: `refused` when it is not below an allowed directory (symbolic links
 * resolved, whole components compared), status 404 when there is none.
 */
export async function openLocalFile(url: URL, allowedPaths: readonly string[]): Promise<DownloadResponse> {
  const path = await resolveAllowed(url, allowedPaths);
  const { size, mtime } = await stat(path);
  const headers = { 'content-length': String(size), 'last-modified': mtime.toUTCString() };
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 });
  return new DownloadResponse({ status: 200, reason: 'OK', headers, url: url.href }, stream, () => stream.destroy());
}

async function resolveAllowed(url: URL, allowedPaths: readonly string[]): Promise<string> {
  const allowed = await Promise.all(allowedPaths.map((path) => realpath(path).catch(() => undefined)));
  const path = await realPathOf(url);
  const inside = (root: string | undefined) =>
    root !== undefined && (root === '/' || `${path}/`.startsWith(`${root}/`));
  if (path !== undefined && allowed.some(inside)) {
    if ((await stat(path)).isFile()) return path;
    throw statusError(url.href, 404, 'Not Found');
  }
  if (path === undefined && allowed.length > 0) throw statusError(url.href, 404, 'Not Found');
  throw new DownloadError(
    url.href,
    'refused',
    `The file '${url.href}' is not below a directory from which may be imported`,
  );
}

async function realPathOf(url: URL): Promise<string | undefined> {
  try {
    return await realpath(fileURLToPath(url));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new DownloadError(url.href, 'refused', `The file '${url.href}' cannot be read`, { cause: error });
  }
}
