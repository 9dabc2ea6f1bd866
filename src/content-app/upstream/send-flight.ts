/** Sends what a flight fetches, as it comes: whole bodies from memory, large ones from the file they are written to. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ByteRange, contentRange, unsatisfiedRange } from '../../lib/http/byte-range.ts';
import { CACHE_CONTROL, fileHead } from '../paths/stored-file.ts';
import { type Decision, decide, precondition, type Validators } from '../send/conditions.ts';
import { BUFFER_BYTES, readAt, writeOut } from './copy-file.ts';
import type { Flight } from './flight.ts';

export interface FlightFacts extends Validators {
  readonly contentType: string;
  readonly lastModified: string;
  /** Size where it is known from records. */
  readonly size: number | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** Answers what needs no bytes: 304, 412, 416, and HEAD from records. False when the body is needed. */
export function answeredFromRecords(request: IncomingMessage, response: ServerResponse, facts: FlightFacts): boolean {
  const decision =
    facts.size === undefined ? precondition(request.headers, facts) : decide(request.headers, facts, facts.size);
  if (decision && decision.status !== 200 && decision.status !== 206) {
    sendRefusal(response, facts, facts.size, decision.status);
    return true;
  }
  if (request.method !== 'HEAD') return false;
  writeFlightHead(response, facts, facts.size, decision ?? { status: 200 });
  response.end();
  return true;
}

/**
 * Rejects with the flight's failure; nothing was sent then unless `response.headersSent` tells otherwise. The end of the body
 * is held back until `beforeEnd` is done: what a client has got, it shall find wherever it looks next.
 */
export async function sendFlight(
  request: IncomingMessage,
  response: ServerResponse,
  flight: Flight,
  facts: FlightFacts,
  beforeEnd: () => Promise<void> = async () => undefined,
): Promise<void> {
  await flight.until(() => flight.complete || flight.available > 0);
  // Without a size a range can be judged only at the end.
  if (request.headers.range !== undefined && flight.size === undefined) await flight.until(() => flight.complete);
  const { size } = flight;
  const decision: Decision = size === undefined ? { status: 200 } : decide(request.headers, facts, size);
  if (decision.status !== 200 && decision.status !== 206) return sendRefusal(response, facts, size, decision.status);
  const range = writeFlightHead(response, facts, size, decision);
  if (request.method !== 'HEAD') await sendBody(response, flight, range, beforeEnd);
  else response.end();
}

async function sendBody(
  response: ServerResponse,
  flight: Flight,
  range: ByteRange,
  beforeEnd: () => Promise<void>,
): Promise<void> {
  if (flight.bytes) {
    await beforeEnd();
    response.end(flight.bytes.subarray(range.start, range.end + 1));
    return;
  }
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  for (let at = range.start; at <= range.end; ) {
    await flight.until(() => flight.available > at || flight.complete);
    const count = Math.min(flight.available, range.end + 1, at + BUFFER_BYTES) - at;
    if (count <= 0) break;
    if (flight.complete && at + count >= Math.min(flight.available, range.end + 1)) await beforeEnd();
    await readAt(flight.fd, buffer, count, at);
    await writeOut(response, buffer.subarray(0, count));
    at += count;
  }
  response.end();
}

function writeFlightHead(
  response: ServerResponse,
  facts: FlightFacts,
  size: number | undefined,
  decision: Decision,
): ByteRange {
  const range = decision.status === 206 ? decision.range : { start: 0, end: (size ?? Number.POSITIVE_INFINITY) - 1 };
  const head = fileHead({ ...facts, size });
  if (size !== undefined) head.push('Content-Length', String(range.end - range.start + 1));
  if (decision.status === 206) head.push('Content-Range', contentRange(range, size!));
  response.writeHead(decision.status, head);
  return range;
}

function sendRefusal(
  response: ServerResponse,
  facts: FlightFacts,
  size: number | undefined,
  status: 304 | 412 | 416,
): void {
  const head = ['Cache-Control', CACHE_CONTROL];
  if (facts.etag) head.push('ETag', facts.etag);
  if (status !== 304) head.push('Content-Length', '0');
  if (status === 416) head.push('Content-Range', unsatisfiedRange(size!));
  response.writeHead(status, head);
  response.end();
}
