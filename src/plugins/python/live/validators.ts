/** ETag and Last-Modified of live answers: they follow from the version that is served. */
import type { LiveAnswer, LiveRequest } from '../../../plugin-api/index.ts';
import type { VersionFacts } from './version-facts.ts';

export type Validators = Pick<VersionFacts, 'etag' | 'lastModified'>;

/**
 * Headers of an answer with validators. Clients and proxies ask again each time: `max-age` would hide a new release for as long (uv and
 * npm take it literally). What needed credentials, or passed a guard, is for who asked alone.
 */
export function cacheHeaders(validators: Validators | undefined, isPrivate: boolean): Record<string, string> {
  if (!validators) return {};
  const { etag, lastModified } = validators;
  return { ETag: etag, 'Last-Modified': lastModified, 'Cache-Control': isPrivate ? 'private, no-cache' : 'no-cache' };
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
