/** Sends what a live protocol has answered: text, bytes, JSON, or pieces that come one after the other. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endTogether } from '../../lib/flow/end-together.ts';
import { type ChosenBody, chooseBody, KeptBody } from '../../lib/http/exchange/kept-body.ts';
import type { LiveTextAnswer } from '../../plugin-api/contracts/live.ts';

/** Headers of every answer, as in the REST API. */
const SECURITY_HEADERS = [
  ['X-Frame-Options', 'DENY'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'same-origin'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Access-Control-Expose-Headers', 'Correlation-ID'],
].flat();

/** Rejects when pieces cannot be sent to their end: the connection is cut then, so that the client sees that they are not complete. */
export async function sendLive(
  request: IncomingMessage,
  response: ServerResponse,
  answer: LiveTextAnswer,
  cid: string,
): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  const { body } = answer;
  if (body instanceof KeptBody) return sendKept(request, response, { answer, body, cid });
  const headers: string[] = [];
  for (const name in answer.headers) headers.push(name, answer.headers[name]!);
  headers.push('Correlation-ID', cid, ...SECURITY_HEADERS, 'Vary', varyOf(request));
  const isHead = request.method === 'HEAD';
  if (isPieces(body)) {
    writeHead(response, answer, headers);
    if (isHead) return void response.end();
    return await pipeline(Readable.from(body), response);
  }
  const bytes = bytesOf(body);
  const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
  if (isJson && !has(answer, 'content-type')) headers.push('Content-Type', 'application/json');
  const isBare = answer.status === 304 || answer.status === 204;
  // The head of an answer whose body was not made may say its length itself.
  if (!isBare && !(isHead && has(answer, 'content-length'))) headers.push('Content-Length', String(bytes.length));
  writeHead(response, answer, headers);
  endTogether(response, isHead ? undefined : bytes);
}

/** Without credentials of its own a request may be one of a session. */
const varyOf = ({ headers }: IncomingMessage) => (headers.authorization ? 'Accept' : 'Accept, Cookie');
const codedVaryOf = ({ headers }: IncomingMessage) =>
  headers.authorization ? 'Accept, Accept-Encoding' : 'Accept, Cookie, Accept-Encoding';

interface KeptAnswer {
  readonly answer: LiveTextAnswer;
  readonly body: KeptBody;
  readonly cid: string;
}

function sendKept(request: IncomingMessage, response: ServerResponse, kept: KeptAnswer): Promise<void> | undefined {
  const { 'Content-Type': contentType, 'Last-Modified': lastModified } = kept.answer.headers ?? {};
  const chosen = chooseBody(request.headers, kept.body, { contentType, lastModified });
  if (chosen instanceof Promise) return chosen.then((coded) => sendChosen(request, response, kept, coded));
  sendChosen(request, response, kept, chosen);
  return undefined;
}

function sendChosen(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, body, cid }: KeptAnswer,
  chosen: ChosenBody,
): void {
  const headers: string[] = [];
  let isFresh = false;
  for (const name in answer.headers) {
    if (name === 'Content-Type' && !chosen.bytes) continue;
    if (name === 'Cache-Control') isFresh = true;
    headers.push(name, answer.headers[name]!);
  }
  headers.push('ETag', chosen.etag, 'Correlation-ID', cid, ...SECURITY_HEADERS, 'Vary', codedVaryOf(request));
  if (!isFresh) headers.push('Cache-Control', 'no-cache');
  if (!chosen.bytes) return void response.writeHead(304, headers).end();
  if (chosen.coding) headers.push('Content-Encoding', chosen.coding);
  if (body.isHit !== undefined) headers.push('X-PULP-CACHE', body.isHit ? 'HIT' : 'MISS');
  headers.push('Content-Length', String(chosen.bytes.length));
  writeHead(response, answer, headers);
  endTogether(response, request.method === 'HEAD' ? undefined : chosen.bytes);
}

function writeHead(response: ServerResponse, { status, reason }: LiveTextAnswer, headers: string[]): void {
  if (reason === undefined) response.writeHead(status, headers);
  else response.writeHead(status, reasonPhrase(reason), headers);
}

function has({ headers }: LiveTextAnswer, wanted: string): boolean {
  for (const name in headers) if (name.toLowerCase() === wanted) return true;
  return false;
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function isPieces(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Header lines cannot hold other characters. */
const reasonPhrase = (text: string) => text.replace(/[^\x20-\x7e]/g, '?');
