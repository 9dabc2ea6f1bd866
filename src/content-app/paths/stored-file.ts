/** A file that can be sent: where its bytes are and what the client is told about them. */
import { formatHttpDate } from '../../lib/http/http-date.ts';
import { DEFAULT_MEDIA_TYPE, mediaTypeOf } from '../../lib/http/media-type.ts';
import { fileNameOf } from '../../lib/http/relative-path.ts';
import type { ArtifactStore } from '../../storage/artifact-store.ts';

export interface StoredFile {
  readonly store: ArtifactStore;
  readonly key: string;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  /** Strong validator: the sha256 in quotes. */
  readonly etag: string;
  readonly lastModified: string;
  /** Milliseconds, whole seconds. */
  readonly modifiedAt: number;
  /** Head of a 200 without the cache mark, as name, value, name, value … */
  readonly head: readonly string[];
  /** Whole body of a small file once it was read. */
  body: Buffer | undefined;
}

export const CACHE_CONTROL = 'public, max-age=0, must-revalidate';

export interface FileFacts {
  readonly store: ArtifactStore;
  readonly sha256: string;
  readonly size: number;
  readonly path: string;
  readonly date: number;
  readonly contentType?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function storedFile({ store, sha256, size, path, date, contentType, headers }: FileFacts): StoredFile {
  const modifiedAt = Math.floor(date / 1000) * 1000;
  const facts = {
    contentType: contentType ?? mediaTypeOf(path) ?? DEFAULT_MEDIA_TYPE,
    size,
    etag: `"${sha256}"`,
    lastModified: formatHttpDate(modifiedAt),
    headers,
  };
  const { etag, lastModified } = facts;
  return {
    store,
    key: store.keyOf(sha256),
    name: fileNameOf(path),
    contentType: facts.contentType,
    size,
    etag,
    lastModified,
    modifiedAt,
    head: fileHead(facts),
    body: undefined,
  };
}

/** Headers of every answer with a file's body, in the form writeHead takes without copying. */
export function fileHead(file: {
  contentType: string;
  size: number | undefined;
  etag: string | undefined;
  lastModified: string;
  headers?: Readonly<Record<string, string>> | undefined;
}): string[] {
  const head = ['Content-Type', file.contentType, 'Cache-Control', CACHE_CONTROL, 'Last-Modified', file.lastModified];
  if (file.etag !== undefined) head.push('ETag', file.etag);
  if (file.size !== undefined) head.push('X-PULP-ARTIFACT-SIZE', String(file.size));
  head.push('Accept-Ranges', 'bytes');
  for (const [name, value] of Object.entries(file.headers ?? {})) head.push(name, value);
  return head;
}
