/** Sends a stored file: from memory, from disk, by a redirect to the store, or by telling the proxy where it is. */
import { hash } from 'node:crypto';
import { constants, fstatSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { endTogether } from '../../lib/flow/end-together.ts';
import { type ByteRange, contentRange, unsatisfiedRange } from '../../lib/http/byte-range.ts';
import { encodePath } from '../../lib/http/relative-path.ts';
import { isErrno } from '../../lib/process/errno.ts';
import { DamagedFile, MissingFile } from '../../storage/storage-errors.ts';
import { CACHE_CONTROL, type StoredFile } from '../paths/stored-file.ts';
import { ClientGone, closeFile, copyFile, openFile, readAt } from '../upstream/copy-file.ts';
import { type Decision, decide } from './conditions.ts';
import { type CacheMark, sendStatus } from './send-text.ts';

/** Files up to this size are kept in memory once read. */
const SMALL_FILE = 64 * 1024;
const LINK_LIFE = 3600;

interface SendOptions {
  readonly mark: CacheMark;
  /** Redirect to the object store where it can. */
  readonly redirects: boolean;
  /** Internal path of the proxy for the storage directory; empty: files are sent from here. */
  readonly accelPrefix: string;
  /** Called when the file has kept its body. */
  readonly onBody: (() => void) | undefined;
}

/** Throws MissingFile, before anything was sent, when the bytes are not where they should be. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: StoredFile,
  options: SendOptions,
): Promise<void> {
  const decision = decide(request.headers, file, file.size);
  if (decision.status !== 200 && decision.status !== 206)
    return sendRefusal(response, file, decision.status, options.mark);
  if (file.body) return sendBytes(request, response, file, file.body, decision, options.mark);
  // A signed link is good for GET only; HEAD is answered from what is known.
  if (options.redirects && request.method !== 'HEAD' && (await redirected(request, response, file))) return;
  if (file.store.driver.localPath(file.key) === undefined)
    return sendRemote(request, response, file, decision, options.mark);
  if (options.accelPrefix !== '') return sendAccelerated(response, file, options);
  await sendLocal(request, response, file, decision, options);
}

/** 304, 412 and 416 have no body. */
function sendRefusal(response: ServerResponse, file: StoredFile, status: 304 | 412 | 416, mark: CacheMark): void {
  const head =
    status === 304 ? ['Cache-Control', CACHE_CONTROL, 'ETag', file.etag] : [...file.head, 'Content-Length', '0'];
  if (status === 416) head.push('Content-Range', unsatisfiedRange(file.size));
  if (mark) head.push('X-PULP-CACHE', mark);
  response.writeHead(status, head);
  response.end();
}

function writeFileHead(response: ServerResponse, file: StoredFile, decision: Decision, mark: CacheMark): ByteRange {
  const range = decision.status === 206 ? decision.range : { start: 0, end: file.size - 1 };
  const head = [...file.head, 'Content-Length', String(range.end - range.start + 1)];
  if (decision.status === 206) head.push('Content-Range', contentRange(range, file.size));
  if (mark) head.push('X-PULP-CACHE', mark);
  response.writeHead(decision.status, head);
  return range;
}

function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  file: StoredFile,
  body: Buffer,
  decision: Decision,
  mark: CacheMark,
): void {
  const { start, end } = writeFileHead(response, file, decision, mark);
  const sent = decision.status === 206 ? body.subarray(start, end + 1) : body;
  endTogether(response, request.method === 'HEAD' ? undefined : sent);
}

/** A client that follows gets the bytes from the object store, for which the link is signed. */
async function redirected(request: IncomingMessage, response: ServerResponse, file: StoredFile): Promise<boolean> {
  const { driver } = file.store;
  const link = await driver.presign?.(file.key, {
    filename: file.name,
    contentType: file.contentType,
    expires: LINK_LIFE,
  });
  if (link === undefined) return false;
  sendStatus(request, response, { status: 302, headers: { Location: link, 'Cache-Control': 'no-store' } });
  return true;
}

function sendAccelerated(response: ServerResponse, file: StoredFile, { accelPrefix, mark }: SendOptions): void {
  const head = [...file.head, 'X-Accel-Redirect', `${accelPrefix.replace(/\/$/, '')}/${encodePath(file.key)}`];
  if (mark) head.push('X-PULP-CACHE', mark);
  response.writeHead(200, head);
  response.end();
}

async function sendRemote(
  request: IncomingMessage,
  response: ServerResponse,
  file: StoredFile,
  decision: Decision,
  mark: CacheMark,
): Promise<void> {
  const range = decision.status === 206 ? decision.range : undefined;
  if (request.method === 'HEAD' || file.size === 0) {
    writeFileHead(response, file, decision, mark);
    response.end();
    return;
  }
  const { stream } = await file.store.driver.open(file.key, range);
  writeFileHead(response, file, decision, mark);
  await pipeline(stream, response).catch(() => {
    throw new ClientGone();
  });
}

async function sendLocal(
  request: IncomingMessage,
  response: ServerResponse,
  file: StoredFile,
  decision: Decision,
  options: SendOptions,
): Promise<void> {
  const fd = await openStored(file);
  try {
    if (file.size <= SMALL_FILE) {
      const body = Buffer.allocUnsafeSlow(file.size);
      if ((await readAt(fd, body, file.size, 0)) < file.size) throw new MissingFile(file.key);
      // Kept bytes outlive the file: wrong ones would be sent on after a repair.
      if (`"${hash('sha256', body)}"` !== file.etag) throw new DamagedFile(file.key);
      file.body = body;
      options.onBody?.();
      return sendBytes(request, response, file, body, decision, options.mark);
    }
    const { start, end } = writeFileHead(response, file, decision, options.mark);
    if (request.method !== 'HEAD') await copyFile(fd, start, end - start + 1, response);
    response.end();
  } finally {
    await closeFile(fd);
  }
}

async function openStored(file: StoredFile): Promise<number> {
  try {
    const fd = await openFile(file.store.driver.localPath(file.key)!, constants.O_RDONLY | constants.O_NOFOLLOW);
    if (fstatSync(fd).isFile()) return fd;
    await closeFile(fd);
    throw new MissingFile(file.key);
  } catch (error) {
    throw isErrno(error, 'ENOENT', 'ENOTDIR') ? new MissingFile(file.key) : error;
  }
}
