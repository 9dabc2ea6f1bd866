/** Changes are seen at once, former publications for a while, and the database may be away for a moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerCache } from '../../src/content-app/paths/answer-cache.ts';
import { openDatabase } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { TYPES, useWorld } from './world.ts';

const world = await useWorld();
const strict = await world.serve();
const lazy = await world.serve(TYPES, { freshFor: 60_000 });

test('every committed change is seen by the next request without any notification', async () => {
  const repository = await world.repository();
  const [one, two] = [await world.unit('file', '1'), await world.unit('file', '2')];
  const get = async () => {
    const answer = await strict.get('change/file');
    return answer.status === 200 ? answer.text : answer.status;
  };
  assert.equal(await get(), 404);
  const id = await world.distribution('change', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
  assert.equal(await get(), 404);
  const first = await world.version(repository, [one]);
  assert.equal(await get(), '1');
  await world.version(repository, [two], [one]);
  assert.equal(await get(), '2');
  await world.db.run(
    sql`update distribution set repository_id = null, repository_version_id = ${first} where pulp_id = ${id}`,
  );
  assert.equal(await get(), '1');
  await world.db.run(sql`update distribution set base_path = 'changed' where pulp_id = ${id}`);
  assert.equal(await get(), 404);
  assert.equal((await strict.get('changed/file')).text, '1');
  await world.db.run(sql`delete from repository_version where pulp_id = ${first}`);
  assert.equal((await strict.get('changed/file')).status, 404);
  await world.db.run(sql`delete from distribution where pulp_id = ${id}`);
  assert.equal((await strict.get('changed/')).status, 404);
});

test('a change that was under way while others were answered is seen as soon as it is committed', async () => {
  const repository = await world.repository();
  const [one, two] = [await world.unit('file', '1'), await world.unit('file', '2')];
  const first = await world.version(repository, [one]);
  const second = await world.version(repository, [two], [one]);
  const id = await world.distribution('slowly', { repository_version_id: first, pulp_type: 'plain.plain' });
  const get = async () => (await strict.get('slowly/file')).text;
  await world.db.transaction(async (tx) => {
    await tx.run(sql`update distribution set repository_version_id = ${second} where pulp_id = ${id}`);
    for (let i = 0; i < 3; i++) assert.equal(await get(), '1');
    await world.db.run(sql`update repository set description = 'another change' where pulp_id = ${repository.pulpId}`);
    assert.equal(await get(), '1');
  });
  assert.equal(await get(), '2');
});

test('notifications and invalidate reach a cache that would not look by itself', async () => {
  const repository = await world.repository();
  const [one, two] = [await world.unit('file', 'one'), await world.unit('file', 'two')];
  await world.version(repository, [one]);
  const id = await world.distribution('lazy', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
  const get = async () => (await lazy.get('lazy/file')).text;
  assert.equal(await get(), 'one');
  await world.version(repository, [two], [one]);
  assert.equal(await get(), 'one');
  lazy.handler.invalidate(id);
  assert.equal(await get(), 'two');
  await world.version(repository, [one], [two]);
  await world.db.notify('distribution_changed', id);
  await sleep(200);
  assert.equal(await get(), 'one');
  await world.version(repository, [two], [one]);
  await world.db.notify('distribution_changed', '*');
  await sleep(200);
  assert.equal(await get(), 'two');
});

test('nothing is said to be missing that was added just before', async () => {
  const repository = await world.repository();
  await world.version(repository, [await world.unit('file', 'one')]);
  await world.distribution('just', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
  assert.equal((await lazy.get('just/new')).status, 404);
  await world.version(repository, [await world.unit('new', 'two')]);
  assert.equal((await lazy.get('just/new')).text, 'two');
  assert.equal((await lazy.get('just/never')).status, 404);
});

test('a publication that was replaced still answers for what is missing, but is not listed', async () => {
  const repository = await world.repository();
  const [one, two, three] = [await world.unit('1', '1'), await world.unit('2', '2'), await world.unit('3', '3')];
  const first = await world.publication(
    await world.version(repository, [one]),
    { META: 'old', OLD: 'metadata' },
    { passThrough: true },
  );
  const id = await world.distribution('grace', { repository_id: repository.pulpId });
  assert.equal((await strict.get('grace/1')).text, '1');
  await world.publication(await world.version(repository, [two], [one]), { META: 'new' }, { passThrough: true });
  for (let round = 0; round < 2; round++) {
    assert.equal((await strict.get('grace/1')).text, '1');
    assert.equal((await strict.get('grace/OLD')).text, 'metadata');
    assert.equal((await strict.get('grace/META')).text, 'new');
    assert.equal((await strict.get('grace/2')).text, '2');
  }
  assert.doesNotMatch((await strict.get('grace/')).text, /OLD/);
  const rows = await world.db.rows<{ publication_id: string; ended: boolean }>(
    sql`select publication_id, served_until is not null as ended from distributed_publication where distribution_id = ${id} order by publication_id`,
  );
  assert.deepEqual(
    rows.map((row) => row.ended),
    [true, false],
  );
  await world.db.run(
    sql`update distributed_publication set served_until = now() - interval '4 days' where publication_id = ${first}`,
  );
  await world.publication(await world.version(repository, [three]), { META: 'newest' }, { passThrough: true });
  assert.equal((await strict.get('grace/1')).status, 404);
  assert.equal((await strict.get('grace/META')).text, 'newest');
});

test('many requests at once share look-ups', async () => {
  const repository = await world.repository();
  await world.version(repository, [await world.unit('file', 'x')]);
  await world.distribution('many', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
  const answers = await Promise.all(Array.from({ length: 100 }, () => strict.get('many/file')));
  assert.ok(answers.every((answer) => answer.text === 'x'));
});

test('what was served just before is served while the database is away', async (t) => {
  const repository = await world.repository();
  await world.version(repository, [await world.unit('file', 'x')]);
  await world.distribution('away', { repository_id: repository.pulpId, pulp_type: 'plain.plain' });
  const db = openDatabase({ url: world.db.url });
  const gone = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', connectTimeout: 300 });
  let current = db;
  const services = {
    ...world.services,
    db: new Proxy(db, {
      get: (_target, name) => {
        const value = Reflect.get(current, name, current);
        return typeof value === 'function' ? value.bind(current) : value;
      },
    }),
  };
  const { createContentHandler } = await import('../../src/content-app/content-handler.ts');
  const { ask, listen } = await import('./world.ts');
  const handler = createContentHandler(services, TYPES, { freshFor: 0 });
  const { server, port } = await listen((request, response) => void handler.handle(request, response));
  t.after(async () => {
    server.close();
    await handler.close();
    await db.close();
    await gone.close();
  });
  assert.equal((await ask(port, '/pulp/content/away/file')).text, 'x');
  current = gone;
  assert.equal((await ask(port, '/pulp/content/away/file')).text, 'x');
  assert.equal((await ask(port, '/pulp/content/away/other')).status, 503);
  current = db;
  assert.equal((await ask(port, '/pulp/content/away/other')).status, 404);
});

test('the cache of answers stays within its bounds and keeps what is used', () => {
  const cache = new AnswerCache({ maxEntries: 10, maxBytes: 20_000 });
  const listing = (size: number) => ({ kind: 'listing', body: Buffer.alloc(size) }) as const;
  cache.set('used', listing(100), 60_000);
  for (let i = 0; i < 100; i++) {
    cache.set(`key ${i}`, listing(100), 60_000);
    assert.ok(cache.get('used'));
    assert.ok(cache.size <= 10);
  }
  cache.set('large', listing(15_000), 60_000);
  assert.ok(cache.bytes <= 20_000);
  cache.set('brief', listing(1), -1);
  assert.equal(cache.get('brief'), undefined);
  cache.set('huge', listing(50_000), 60_000);
  assert.equal(cache.get('huge'), undefined);
});
