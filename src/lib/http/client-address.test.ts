import assert from 'node:assert/strict';
import test from 'node:test';
import { clientAddress } from './client-address.ts';

const request = (remoteAddress: string, forwarded?: string) =>
  ({ headers: { ...(forwarded && { 'x-forwarded-for': forwarded }) }, socket: { remoteAddress } }) as never;

test('the connection decides unless it is that of a trusted proxy', () => {
  assert.equal(clientAddress(request('192.0.2.1', '203.0.113.9'), []), '192.0.2.1');
  assert.equal(clientAddress(request('192.0.2.1', '203.0.113.9'), ['10.0.0.0/8']), '192.0.2.1');
  assert.equal(clientAddress(request('10.1.2.3', '203.0.113.9'), ['10.0.0.0/8']), '203.0.113.9');
  assert.equal(clientAddress(request('::ffff:10.1.2.3', '203.0.113.9, 10.9.9.9'), ['10.0.0.0/8']), '203.0.113.9');
  assert.equal(clientAddress(request('::1', '1.1.1.1, 203.0.113.9'), ['::1']), '203.0.113.9');
  assert.equal(clientAddress(request('10.1.2.3'), ['10.0.0.0/8']), '10.1.2.3');
});
