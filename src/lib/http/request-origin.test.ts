/** Tests of the origin a client sees. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { requestOrigin } from './request-origin.ts';

const request = (headers: Record<string, string>, remoteAddress: string, encrypted = false) =>
  ({ headers, socket: { remoteAddress, ...(encrypted && { encrypted }) } }) as unknown as IncomingMessage;

test('only trusted proxies are believed', () => {
  const told = { host: 'inner:8080', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'outer.example, inner' };
  assert.equal(requestOrigin(request(told, '10.0.0.1'), ['10.0.0.0/8']), 'https://outer.example');
  assert.equal(requestOrigin(request(told, '192.0.2.1'), ['10.0.0.0/8']), 'http://inner:8080');
  assert.equal(requestOrigin(request(told, '10.0.0.1'), []), 'http://inner:8080');
  assert.equal(requestOrigin(request({ host: 'h' }, '10.0.0.1', true), []), 'https://h');
  const odd = { host: 'h', 'x-forwarded-proto': 'javascript' };
  assert.equal(requestOrigin(request(odd, '10.0.0.1'), ['10.0.0.1']), 'http://h');
  assert.equal(requestOrigin(request({}, '10.0.0.1'), []), 'http://localhost');
});
