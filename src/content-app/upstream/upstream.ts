/** What serving needs of the HTTP client: one answer of an upstream server as a stream that can be taken up again when it breaks. */
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
  constructor(url: string, status: number, reason: string) {
    super(`upstream answered ${status} ${reason}`);
    this.url = url;
    this.status = status;
    this.reason = reason;
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
  for (let resumes = 0; ; resumes++) {
    try {
      for await (const piece of answer.body) {
        received += piece.byteLength;
        yield piece;
      }
      if (length === undefined || received >= length) return;
      throw new Error(`upstream sent ${received} of ${length} bytes`);
    } catch (error) {
      if (signal.aborted || resumes === RESUMES) throw error;
      answer = await openRest(open, request, first, received, signal);
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
  if (rest.status === 206 && rest.header('content-range')?.startsWith(`bytes ${received}-`)) return rest;
  rest.discard();
  throw new UpstreamRefused(request.url, rest.status, rest.reason);
}

async function openAgain(open: OpenUpstream, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
  const answer = await open(request, signal);
  if (answer.status === 200) return answer;
  answer.discard();
  throw new UpstreamRefused(request.url, answer.status, answer.reason);
}

/** Number of bytes that will come, where upstream tells it. */
export function lengthOf(answer: UpstreamAnswer): number | undefined {
  const length = answer.header('content-length');
  const coding = answer.header('content-encoding') ?? 'identity';
  return length !== undefined && /^\d+$/.test(length) && coding === 'identity' ? Number(length) : undefined;
}
