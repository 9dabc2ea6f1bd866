/** Requests whose client waits for `100 Continue` before it sends the body, so that a refusal can spare it the way. */
import type { ServerResponse } from 'node:http';

const waiting = new WeakSet<ServerResponse>();

/** To be called for a request with `Expect: 100-continue` that was not told to go on. */
export function noteWaiting(response: ServerResponse): void {
  waiting.add(response);
}

/** Tells a client that waits to go on. */
export function letContinue(response: ServerResponse): void {
  if (!waiting.delete(response) || response.headersSent) return;
  response.writeContinue();
}

/** Whether the client still waits: what it would have sent must not be taken for its next request, so the connection has to end. */
export function isWaiting(response: ServerResponse): boolean {
  return waiting.has(response);
}
