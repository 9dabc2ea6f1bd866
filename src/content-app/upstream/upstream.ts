/** What serving needs of the HTTP client: one answer of an upstream server as a stream that can be taken up again when it breaks. */
import { parseRetryAfter } from '../../download/retry.ts';
import type { Row } from '../../plugin-api/declare/field.ts';

export interface UpstreamRequest {
  /** Row of the remote, secrets still encrypted. */
  readonly remote: Row;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly reason: string;
  readonly header: (name: string) => string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives up a body that nobody reads. */
  discard(): void;
}

/** Sends one request, without other tries; answers whatever the status is, rejects when there is no answer. */
export type OpenUpstream = (request: UpstreamRequest, signal: AbortSignal) => Promise<UpstreamAnswer>;

/** Upstream answered, but not with the file. */
export class UpstreamRefused extends Error {
  override readonly name = 'UpstreamRefused';
  readonly status: number;
  readonly reason: string;
  readonly url: string;
  /** Seconds after which it wants to be asked again. */
  readonly retryAfter: number | undefined;
  constructor(url: string, { status, reason, header }: Pick<UpstreamAnswer, 'status' | 'reason' | 'header'>) {
    super(`upstream answered ${status} ${reason}`);
    this.url = url;
    this.status = status;
    this.reason = reason;
    this.retryAfter = parseRetryAfter(header('retry-after'));
  }
}

const RESUMES = 3;

/** The body of an answer; when the connection breaks, the rest is asked for, and the digest tells whether it fits. */
export async function* resumedBody(
  open: OpenUpstream,
  request: UpstreamRequest,
  first: UpstreamAnswer,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const length = lengthOf(first);
  let received = 0;
  let answer = first;
  /** Bytes at the start of an answer that were received before. */
  let known = 0;
  for (let resumes = 0; ; resumes++) {
    try {
      for await (const piece of answer.body) {
        const fresh = known === 0 ? piece : piece.subarray(Math.min(known, piece.byteLength));
        known -= piece.byteLength - fresh.byteLength;
        if (fresh.byteLength === 0) continue;
        received += fresh.byteLength;
        yield fresh;
      }
      if (length === undefined || received >= length) return;
      throw new Error(`upstream sent ${received} of ${length} bytes`);
    } catch (error) {
      if (signal.aborted || resumes === RESUMES) throw error;
      answer = await openRest(open, request, first, received, signal);
      known = answer.status === 206 ? 0 : received;
    }
  }
}

async function openRest(
  open: OpenUpstream,
  request: UpstreamRequest,
  first: UpstreamAnswer,
  received: number,
  signal: AbortSignal,
): Promise<UpstreamAnswer> {
  if (received === 0) return openAgain(open, request, signal);
  const etag = first.header('etag');
  const headers: Record<string, string> = { ...request.headers, range: `bytes=${received}-` };
  if (etag?.startsWith('"')) headers['if-range'] = etag;
  const rest = await open({ ...request, headers }, signal);
  // A server without ranges begins anew.
  if (rest.status === 200 && isSameFile(first, rest)) return rest;
  if (rest.status === 206 && rest.header('content-range')?.startsWith(`bytes ${received}-`)) return rest;
  rest.discard();
  throw new UpstreamRefused(request.url, rest);
}

/** As its validators tell. */
function isSameFile(first: UpstreamAnswer, again: UpstreamAnswer): boolean {
  const etag = first.header('etag');
  if (etag !== undefined) return etag === again.header('etag');
  const names = ['last-modified', 'content-length'];
  return names.every((name) => first.header(name) !== undefined && first.header(name) === again.header(name));
}

async function openAgain(open: OpenUpstream, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
  const answer = await open(request, signal);
  if (answer.status === 200) return answer;
  answer.discard();
  throw new UpstreamRefused(request.url, answer);
}

/** Number of bytes that will come, where upstream tells it. */
export function lengthOf(answer: UpstreamAnswer): number | undefined {
  const length = answer.header('content-length');
  const coding = answer.header('content-encoding') ?? 'identity';
  return length !== undefined && /^\d+$/.test(length) && coding === 'identity' ? Number(length) : undefined;
}
