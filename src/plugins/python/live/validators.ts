/** ETag and Last-Modified of live answers: they follow from the version that is served. */
import { sha256Of } from '../../../lib/digest.ts';
import { formatHttpDate } from '../../../lib/http-date.ts';
import type { LiveAnswer, LiveRequest } from '../../../plugin-api/index.ts';
import { versionStamp } from '../version-packages.ts';
import type { ServedIndex } from './served-index.ts';

export interface Validators {
  readonly etag: string;
  readonly lastModified: string;
  readonly modifiedAt: number;
}

/** Undefined where no version is served. */
export async function validatorsOf({ request, version }: ServedIndex, salt = ''): Promise<Validators | undefined> {
  if (!version) return undefined;
  const { number, created } = await versionStamp(request.services.db, version);
  const text = created instanceof Date ? created.toISOString() : created;
  const modifiedAt = Math.floor(new Date(text).getTime() / 1000) * 1000;
  const etag = `"${sha256Of(`${number}:${text}${salt}`).slice(0, 16)}"`;
  return { etag, lastModified: formatHttpDate(modifiedAt), modifiedAt };
}

/** Headers of an answer that may be kept for some seconds. */
export function cacheHeaders(validators: Validators | undefined, maxAge: number): Record<string, string> {
  if (!validators) return {};
  const { etag, lastModified } = validators;
  return { ETag: etag, 'Last-Modified': lastModified, 'Cache-Control': `max-age=${maxAge}, public` };
}

/** Whether the client has the answer already. */
export function isUnchanged(
  headers: LiveRequest['headers'],
  etag: string | undefined,
  lastModified: string | undefined,
): boolean {
  const none = headers['if-none-match'];
  if (typeof none === 'string') {
    const tags = none.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return etag !== undefined && (tags.includes(etag) || tags.includes('*'));
  }
  const since = headers['if-modified-since'];
  return typeof since === 'string' && lastModified !== undefined && Date.parse(lastModified) <= Date.parse(since);
}

/** 304 with the headers that matter. */
export function notModified(headers: Readonly<Record<string, string>>): LiveAnswer {
  const { 'Content-Type': _, ...rest } = headers;
  return { status: 304, headers: rest };
}
