/** Conditional and range requests (RFC 9110 §13, §14) for a file with a strong validator: which answer they lead to. */
import type { IncomingHttpHeaders } from 'node:http';
import { type ByteRange, parseByteRange } from '../../lib/http/byte-range.ts';
import { parseHttpDate } from '../../lib/http/http-date.ts';

export interface Validators {
  /** Undefined where the bytes are not known well enough. */
  readonly etag: string | undefined;
  /** Whole seconds in milliseconds. */
  readonly modifiedAt: number;
}

export type Decision = { readonly status: 200 | 304 | 412 | 416 } | { readonly status: 206; readonly range: ByteRange };

const WHOLE: Decision = { status: 200 };

/** `size` may be unknown for bytes still upstream: then a range cannot be judged yet and `range` must be asked again. */
export function decide(headers: IncomingHttpHeaders, file: Validators, size: number): Decision {
  const blocked = precondition(headers, file);
  if (blocked) return blocked;
  if (headers.range === undefined || !rangeApplies(headers['if-range'], file)) return WHOLE;
  const range = parseByteRange(headers.range, size);
  if (range === undefined) return WHOLE;
  return range === 'unsatisfiable' ? { status: 416 } : { status: 206, range };
}

/** What the conditions alone lead to; undefined when the file is to be sent. */
export function precondition(headers: IncomingHttpHeaders, file: Validators): Decision | undefined {
  const match = headers['if-match'];
  if (match !== undefined) {
    if (!listed(match, file.etag, false)) return { status: 412 };
  } else {
    const since = dateOf(headers['if-unmodified-since']);
    if (since !== undefined && file.modifiedAt > since) return { status: 412 };
  }
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return listed(noneMatch, file.etag, true) ? { status: 304 } : undefined;
  const since = dateOf(headers['if-modified-since']);
  return since !== undefined && file.modifiedAt <= since ? { status: 304 } : undefined;
}

/** If-Range wants the same file as before: a weak validator or another date means that it may differ. */
function rangeApplies(ifRange: string | string[] | undefined, file: Validators): boolean {
  if (ifRange === undefined) return true;
  const text = String(ifRange).trim();
  if (text.startsWith('"')) return text === file.etag;
  return dateOf(text) === file.modifiedAt;
}

/** Proxies that compress turn strong validators into weak ones, which If-None-Match accepts and If-Match does not. */
function listed(header: string, etag: string | undefined, weak: boolean): boolean {
  if (header.trim() === '*') return true;
  if (etag === undefined) return false;
  return header.split(',').some((part) => {
    const tag = part.trim();
    return tag === etag || (weak && tag === `W/${etag}`);
  });
}

function dateOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseHttpDate(text);
}
