/** Units whose bytes are upstream: fetched once, checked, kept or not (core.md §3.6). */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { get as httpGet, STATUS_CODES } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { sql } from '../../src/db/sql.ts';
import { type Behaviour, Upstream } from './upstream-server.ts';
import { type Answer, type SourceRow, sha256, TYPES, type Unit, useWorld } from './world.ts';

const MIB = 1024 * 1024;
const world = await useWorld();
const client = await world.serve(TYPES, { freshFor: 0, holdBytes: MIB });
const upstream = await Upstream.start();
after(() => upstream.close());
const onDemand = await world.remote(upstream.url);
const streamed = await world.remote(upstream.url, { policy: 'streamed' });
const repository = await world.repository();
await world.distribution('od', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
let count = 0;

interface Made {
  unit: Unit;
  path: string;
  body: Buffer;
}

/** A unit that is only upstream, where it behaves as told. */
async function make(body: Buffer, behaviour: Behaviour = {}, source: Partial<SourceRow> = {}): Promise<Made> {
  const path = `file-${++count}.bin`;
  upstream.files.set(`/${path}`, { body, ...behaviour });
  const row = { url: `${upstream.url}/${path}`, remote: onDemand, size: body.length, sha256: sha256(body), ...source };
  const unit = await world.unit(path, null, { sources: [row] });
  await world.version(repository, [unit]);
  return { unit, path, body };
}

async function isSaved({ unit }: Made): Promise<boolean> {
  const row = await world.db.row<{ id: number | null }>(
    sql`select artifact_id as id from content_artifact where id = ${unit.contentArtifactId}`,
  );
  return row!.id !== null;
}

/** Saving goes on after the client was served. */
async function saved(made: Made): Promise<void> {
  for (let tries = 0; !(await isSaved(made)); tries++) {
    assert.ok(tries < 200, 'not saved');
    await sleep(20);
  }
}

async function spooled(): Promise<number> {
  return (await Array.fromAsync(world.store.driver.list('tmp/files/'))).length;
}

function checkAnswer(answer: Answer, { body }: Made): void {
  assert.equal(answer.status, 200);
  assert.ok(answer.body.equals(body));
  assert.equal(answer.headers['content-length'], String(body.length));
  assert.equal(answer.headers['x-pulp-artifact-size'], String(body.length));
  assert.equal(answer.headers['content-type'], 'application/octet-stream');
  assert.equal(answer.headers.etag, `"${sha256(body)}"`);
  assert.equal(answer.headers['accept-ranges'], 'bytes');
}

test('small and large files are fetched, checked and saved; the next request is a normal one', async () => {
  for (const size of [0, 1, 1024, MIB, MIB + 1, 5 * MIB + 17]) {
    const made = await make(randomBytes(size));
    checkAnswer(await client.get(`od/${made.path}`), made);
    await saved(made);
    const again = await client.get(`od/${made.path}`);
    checkAnswer(again, made);
    assert.equal(again.headers['x-pulp-cache'], 'MISS');
    assert.equal(upstream.count(`/${made.path}`), 1);
    const row = await world.db.row<{ n: number }>(
      sql`select length(sha512) as n from artifact where sha256 = decode(${sha256(made.body)}, 'hex')`,
    );
    assert.equal(row?.n, 64);
  }
  assert.equal(await spooled(), 0);
});

test('without recorded size or digest', async () => {
  for (const size of [1000, 3 * MIB]) {
    const made = await make(randomBytes(size), { withoutLength: true }, { size: null, sha256: null });
    const answer = await client.get(`od/${made.path}`);
    assert.ok(answer.body.equals(made.body));
    assert.equal(answer.headers.etag, undefined);
    await saved(made);
    assert.equal((await client.get(`od/${made.path}`)).headers.etag, `"${sha256(made.body)}"`);
  }
});

test('streamed content is never saved', async () => {
  for (const size of [1024, 3 * MIB]) {
    const made = await make(randomBytes(size), {}, { remote: streamed });
    checkAnswer(await client.get(`od/${made.path}`), made);
    checkAnswer(await client.get(`od/${made.path}`), made);
    assert.equal(upstream.count(`/${made.path}`), 2);
    assert.equal(await isSaved(made), false);
  }
  assert.equal(await spooled(), 0);
});

test('clients at the same time share one fetch, and each gets what it asked for', async () => {
  for (const size of [200_000, 4 * MIB]) {
    const made = await make(randomBytes(size), { piece: size / 8, pause: 20 });
    const clients = Array.from({ length: 12 }, async (_, index) => {
      await sleep(index * 5);
      const range: Record<string, string> = index % 3 === 2 ? { range: `bytes=${index * 1000}-${index * 10_000}` } : {};
      const answer = await client.get(`od/${made.path}`, range);
      if (!('range' in range)) return checkAnswer(answer, made);
      assert.equal(answer.status, 206);
      assert.ok(answer.body.equals(made.body.subarray(index * 1000, index * 10_000 + 1)));
    });
    await Promise.all(clients);
    assert.equal(upstream.count(`/${made.path}`), 1);
    await saved(made);
  }
});

test('ranges and conditions', async () => {
  const made = await make(randomBytes(2 * MIB));
  const part = await client.get(`od/${made.path}`, { range: 'bytes=1-3' });
  assert.deepEqual([part.status, part.headers['content-range']], [206, `bytes 1-3/${2 * MIB}`]);
  assert.ok(part.body.equals(made.body.subarray(1, 4)));
  await saved(made);
  const other = await make(randomBytes(1000));
  const beyond = await client.get(`od/${other.path}`, { range: 'bytes=99999-' });
  assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, 'bytes */1000']);
  assert.equal((await client.get(`od/${other.path}`, { 'if-none-match': `"${sha256(other.body)}"` })).status, 304);
  assert.equal(upstream.count(`/${other.path}`), 0);
});

test('HEAD is answered from records', async () => {
  const made = await make(randomBytes(5000));
  const head = await client.head(`od/${made.path}`);
  assert.deepEqual(
    [head.status, head.headers['content-length'], head.headers.etag],
    [200, '5000', `"${sha256(made.body)}"`],
  );
  assert.equal(upstream.count(`/${made.path}`), 0);
});

test('wrong bytes: small files are 502, large ones break before their end; the source is left alone for a while', async () => {
  const cases: [Buffer, Partial<SourceRow>][] = [
    [randomBytes(1000), { sha256: sha256('other') }],
    [randomBytes(1000), { size: 999 }],
    [randomBytes(3 * MIB), { sha256: sha256('other') }],
    [randomBytes(3 * MIB), { size: 3 * MIB - 1 }],
  ];
  for (const [body, wrong] of cases) {
    const made = await make(body, {}, wrong);
    const outcome = await client.get(`od/${made.path}`).then(
      (answer) => answer.status,
      () => 'broken',
    );
    assert.equal(outcome, body.length > MIB ? 'broken' : 502);
    assert.equal((await client.get(`od/${made.path}`)).status, 502);
    assert.equal(upstream.count(`/${made.path}`), 1);
    assert.equal(await isSaved(made), false);
    await world.db.run(
      sql`update remote_artifact set failed_at = now() - interval '301 seconds' where content_artifact_id = ${made.unit.contentArtifactId}`,
    );
    await client.get(`od/${made.path}`).catch(() => undefined);
    assert.equal(upstream.count(`/${made.path}`), 2);
  }
  assert.equal(await spooled(), 0);
});

test('a client of a broken transfer never sees the last byte', async () => {
  const made = await make(randomBytes(4 * MIB), {}, { sha256: sha256('other') });
  const received = await new Promise<number>((resolve) => {
    httpGet(`http://127.0.0.1:${client.port}/pulp/content/od/${made.path}`, (response) => {
      let bytes = 0;
      response.on('data', (piece: Buffer) => (bytes += piece.length));
      response.on('error', () => resolve(bytes));
      response.on('end', () => resolve(Number.NaN));
    });
  });
  assert.ok(received < 4 * MIB);
});

test('the next source is tried, alternate ones first', async () => {
  const body = randomBytes(1000);
  const made = await make(body, { status: 503, body: undefined as unknown as Buffer });
  const second = await world.remote(upstream.url);
  upstream.files.set('/second', { body });
  await world.source(made.unit.contentArtifactId, {
    url: `${upstream.url}/second`,
    remote: second,
    size: 1000,
    sha256: sha256(body),
  });
  checkAnswer(await client.get(`od/${made.path}`), made);
  assert.equal(upstream.count(`/${made.path}`), 1);

  const other = await make(randomBytes(1000));
  const alternate = await world.remote(upstream.url);
  upstream.files.set('/alternate', { body: other.body });
  const elsewhere = await world.unit('x', null);
  await world.source(elsewhere.contentArtifactId, {
    url: `${upstream.url}/alternate`,
    remote: alternate,
    sha256: sha256(other.body),
    alternate: true,
  });
  checkAnswer(await client.get(`od/${other.path}`), other);
  assert.deepEqual([upstream.count('/alternate'), upstream.count(`/${other.path}`)], [1, 0]);
});

test('upstream errors are told as such and not remembered', async () => {
  const told: Record<number, number> = { 403: 502, 404: 404, 410: 404, 429: 503, 500: 502, 503: 503, 504: 504 };
  for (const status of Object.keys(told).map(Number)) {
    const made = await make(randomBytes(100));
    upstream.files.set(`/${made.path}`, { status, headers: { 'retry-after': '7' } });
    const answer = await client.get(`od/${made.path}`);
    assert.deepEqual([answer.status, answer.text], [told[status], `${told[status]}: ${STATUS_CODES[told[status]!]}`]);
    assert.equal(answer.headers['retry-after'], told[status] === 503 ? '7' : undefined);
    upstream.files.set(`/${made.path}`, { body: made.body });
    assert.equal((await client.get(`od/${made.path}`)).status, 200);
  }
  const nowhere = await make(randomBytes(100), {}, { url: 'http://127.0.0.1:1/x' });
  assert.equal((await client.get(`od/${nowhere.path}`)).status, 502);
  const without = await make(randomBytes(100));
  await world.db.run(sql`delete from remote_artifact where content_artifact_id = ${without.unit.contentArtifactId}`);
  assert.equal((await client.get(`od/${without.path}`)).status, 404);
});

test('a source that may have the file outweighs one that has not', async () => {
  const made = await make(randomBytes(100));
  upstream.files.set(`/${made.path}`, { status: 500 });
  const remote = await world.remote(upstream.url);
  await world.source(made.unit.contentArtifactId, { url: `${upstream.url}/nothing`, remote });
  assert.equal((await client.get(`od/${made.path}`)).status, 502);
});

test('a transfer that breaks is taken up again', async () => {
  for (const size of [500_000, 4 * MIB]) {
    const made = await make(randomBytes(size), { cutAt: size / 2, cutOnce: true, ranges: true });
    checkAnswer(await client.get(`od/${made.path}`), made);
    assert.match(upstream.requests.at(-1)!.range!, /^bytes=\d+-$/);
    const hopeless = await make(randomBytes(size), { cutAt: size / 2 });
    const outcome = await client.get(`od/${hopeless.path}`).then(
      (answer) => answer.status,
      () => 'broken',
    );
    assert.equal(outcome, size > MIB ? 'broken' : 502);
    const begun = await make(randomBytes(size), { cutAt: size / 2, cutOnce: true });
    checkAnswer(await client.get(`od/${begun.path}`), begun);
  }
  assert.equal(await spooled(), 0);
});

test('bodies encoded without being asked for: what is recorded tells which bytes are meant', async () => {
  for (const size of [1000, 3 * MIB]) {
    for (const recorded of [true, false]) {
      for (const isEncoded of [false, true]) {
        const body = Buffer.alloc(size, randomBytes(500));
        const encoded = gzipSync(body);
        const meant = isEncoded ? encoded : body;
        const headers = { 'content-encoding': 'gzip' };
        const facts = { sha256: sha256(meant), size: recorded ? meant.length : null };
        const made = await make(meant, { headers }, facts);
        upstream.files.set(`/${made.path}`, { body: encoded, headers });
        const answer = await client.get(`od/${made.path}`);
        assert.equal(answer.status, 200);
        assert.ok(answer.body.equals(meant));
        assert.equal(answer.headers['content-encoding'], undefined);
        await saved(made);
      }
    }
  }
  assert.equal(await spooled(), 0);
});

test('large files are streamed while they come', async () => {
  const made = await make(randomBytes(4 * MIB), { piece: MIB / 4, pause: 50 });
  const started = Date.now();
  let first = 0;
  await new Promise<void>((resolve) => {
    httpGet(`http://127.0.0.1:${client.port}/pulp/content/od/${made.path}`, (response) => {
      response.on('data', () => (first ||= Date.now() - started));
      response.on('end', resolve);
    });
  });
  assert.ok(first < (Date.now() - started) * 0.7, `first byte after ${first} ms`);
});

test('when the client leaves, on-demand content is saved all the same, streamed content given up', async () => {
  const kept = await make(randomBytes(3 * MIB), { piece: MIB / 4, pause: 20 });
  const dropped = await make(randomBytes(30 * MIB), { piece: MIB / 4, pause: 20 }, { remote: streamed });
  for (const { path } of [kept, dropped]) {
    const controller = new AbortController();
    const asked = fetch(`http://127.0.0.1:${client.port}/pulp/content/od/${path}`, { signal: controller.signal });
    await sleep(150);
    controller.abort();
    await asked.catch(() => undefined);
  }
  await saved(kept);
  for (let tries = 0; (await spooled()) > 0; tries++) {
    assert.ok(tries < 100, 'a spool file is left');
    await sleep(20);
  }
  checkAnswer(await client.get(`od/${kept.path}`), kept);
});

test('bytes that are here already are linked', async () => {
  const made = await make(randomBytes(1000));
  await world.artifact(made.body);
  checkAnswer(await client.get(`od/${made.path}`), made);
  assert.equal(upstream.count(`/${made.path}`), 0);
  assert.equal(await isSaved(made), true);
});

test('credentials of the remote are decrypted', async () => {
  const { secrets } = world.services;
  const remote = await world.remote(upstream.url);
  await world.db.run(
    sql`update remote set username = ${secrets.encrypt('user')}, password = ${secrets.encrypt('pass')} where pulp_id = ${remote}`,
  );
  const made = await make(randomBytes(10), {}, { remote });
  checkAnswer(await client.get(`od/${made.path}`), made);
  const { authorization } = upstream.requests.at(-1)!;
  assert.equal(authorization, `Basic ${Buffer.from('user:pass').toString('base64')}`);
});

test('many different files at once are saved in groups', async () => {
  const all: Made[] = [];
  for (let i = 0; i < 60; i++) all.push(await make(randomBytes(2000)));
  const answers = await Promise.all(all.map(({ path }) => client.get(`od/${path}`)));
  for (const [index, answer] of answers.entries()) checkAnswer(answer, all[index]!);
  for (const made of all) await saved(made);
});
