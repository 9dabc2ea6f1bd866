/** Answers that are not files: errors, redirects, listings, and what plugins say themselves. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

export type CacheMark = 'HIT' | 'MISS' | undefined;

const TEXT = 'text/plain; charset=utf-8';

interface PlainAnswer {
  readonly status: number;
  /** Reason phrase where it is not the usual one. */
  readonly reason?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mark?: CacheMark;
}

/** Sends a whole body, or only its head to HEAD. */
export function sendBody(
  request: IncomingMessage,
  response: ServerResponse,
  body: string | Uint8Array,
  contentType: string,
  answer: PlainAnswer = { status: 200 },
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const head = ['Content-Type', contentType, 'Content-Length', String(bytes.byteLength)];
  if (answer.mark) head.push('X-PULP-CACHE', answer.mark);
  for (const [name, value] of Object.entries(answer.headers ?? {})) head.push(name, value);
  response.writeHead(answer.status, answer.reason ?? STATUS_CODES[answer.status] ?? '', head);
  if (request.method === 'HEAD') response.end();
  else response.end(bytes);
}

/** `404: Not Found` and its like; the reason phrase carries the text too. */
export function sendStatus(request: IncomingMessage, response: ServerResponse, answer: PlainAnswer): void {
  const reason = answer.reason ?? STATUS_CODES[answer.status] ?? '';
  sendBody(request, response, `${answer.status}: ${reason}`, TEXT, { ...answer, reason: reasonPhrase(reason) });
}

export function sendRedirect(
  request: IncomingMessage,
  response: ServerResponse,
  location: string,
  answer: PlainAnswer,
): void {
  sendStatus(request, response, { ...answer, headers: { Location: location, ...answer.headers } });
}

/** A reason phrase is one line of printable Latin-1. */
function reasonPhrase(text: string): string {
  return text.replace(/[^\t\x20-\x7e\xa0-\xff]+/g, ' ').slice(0, 1000);
}
