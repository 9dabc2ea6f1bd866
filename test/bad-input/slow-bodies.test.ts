/** Bodies that stop coming, or hardly come, are given up with what they hold; those that are told to be too large at once. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer({ request_timeout: 2 });
const auth = `Basic ${btoa(`admin:${running.server.adminPassword}`)}`;

/** Sends a head and the beginning of a body, then a byte a time; answers what comes back and after how many milliseconds. */
async function slowly(path: string, type: string, begin: string, drip: boolean, length = 1000) {
  const socket = connect(running.server.port, '127.0.0.1');
  const started = Date.now();
  let text = '';
  let ended = false;
  socket.on('data', (piece) => (text += piece.toString())).on('error', () => {});
  socket.on('close', () => (ended = true));
  socket.write(
    `POST /pulp/api/v3/${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${auth}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${begin}`,
  );
  while (!ended && text === '' && Date.now() - started < 15_000) {
    if (drip) socket.write('x');
    await sleep(100);
  }
  const elapsed = Date.now() - started;
  socket.destroy();
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), elapsed };
}

const FORM = 'multipart/form-data; boundary=b';
const PART = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nsome bytes';

test('bodies that stall or drip', async () => {
  const before = running.temporaryFiles();
  const tries = [
    slowly('repositories/file/file/', 'application/json', '{"name": "', false),
    slowly('repositories/file/file/', 'application/json', '{"name": "', true),
    slowly('repositories/file/file/', 'application/x-www-form-urlencoded', 'name=', false),
    slowly('artifacts/', FORM, PART, false),
    slowly('artifacts/', FORM, PART, true),
    slowly('artifacts/', FORM, '', false),
  ];
  for (const { status, elapsed } of await Promise.all(tries)) {
    assert.equal(status, 408);
    assert.ok(elapsed < 10_000, String(elapsed));
  }
  assert.deepEqual(running.temporaryFiles(), before);
});

test('a body that goes on is waited for', async () => {
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(Buffer.from('{"name": "patient"'));
      for (let i = 0; i < 30; i++) {
        await sleep(200);
        controller.enqueue(Buffer.from(' '.repeat(100)));
      }
      controller.enqueue(Buffer.from('}'));
      controller.close();
    },
  });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' as const };
  assert.equal((await running.server.fetch('/pulp/api/v3/repositories/file/file/', init)).status, 201);
});

test('a length that is too large', async () => {
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    const { status, elapsed } = await slowly('repositories/file/file/', type, '{', false, 999_999_999_999);
    assert.equal(status, 413);
    assert.ok(elapsed < 1500, String(elapsed));
  }
});
