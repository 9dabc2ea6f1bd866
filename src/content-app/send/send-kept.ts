/** Sends kept answers of package types: by the conditions of the request, in a coding that the client takes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { endTogether } from '../../lib/flow/end-together.ts';
import { chooseBody } from '../../lib/http/exchange/kept-body.ts';
import type { FoundAnswer } from '../kept/kept-state.ts';

export async function sendKept(
  request: IncomingMessage,
  response: ServerResponse,
  { body, info }: FoundAnswer,
): Promise<void> {
  const { contentType, headers = {} } = info;
  const { 'Last-Modified': lastModified, Vary: vary, 'Cache-Control': cacheControl = 'no-cache', ...others } = headers;
  const chosen = await chooseBody(request.headers, body, { contentType, lastModified });
  const head = ['ETag', chosen.etag, 'Cache-Control', cacheControl];
  head.push('Vary', vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`);
  if (lastModified !== undefined) head.push('Last-Modified', lastModified);
  if (!chosen.bytes) return void response.writeHead(304, head).end();
  if (contentType !== undefined) head.push('Content-Type', contentType);
  if (chosen.coding) head.push('Content-Encoding', chosen.coding);
  head.push('Content-Length', String(chosen.bytes.length), 'X-PULP-CACHE', body.isHit ? 'HIT' : 'MISS');
  for (const [name, value] of Object.entries(others)) head.push(name, value);
  response.writeHead(200, head);
  endTogether(response, request.method === 'HEAD' ? undefined : chosen.bytes);
}
