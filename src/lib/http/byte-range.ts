/** The Range header of a request for one file: one range of bytes, or nothing that can be answered. */

/** First and last byte, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

const ONE_RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * What a Range header asks of a body of `size` bytes: undefined without a header (send everything),
 * `'unsatisfiable'` (answer 416) when it lies beyond the end, is malformed or names several ranges (core.md §5.4).
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined;
  const match = ONE_RANGE.exec(header.trim());
  if (!match) return 'unsatisfiable';
  const [, first = '', last = ''] = match;
  if (first === '') return lastBytes(last, size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start >= size || end < start ? 'unsatisfiable' : { start, end };
}

function lastBytes(count: string, size: number): ByteRange | 'unsatisfiable' {
  const wanted = count === '' ? 0 : Number(count);
  if (wanted === 0 || size === 0) return 'unsatisfiable';
  return { start: Math.max(0, size - wanted), end: size - 1 };
}

/** The Content-Range header of a 206. */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`;
}

/** The Content-Range header of a 416. */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}
