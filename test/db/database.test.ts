/** Tests of the database access on a real server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerError } from '../../src/api/answer-error.ts';
import { tryAdvisoryLock } from '../../src/db/advisory-lock.ts';
import { copyRows } from '../../src/db/copy-rows.ts';
import { openDatabase } from '../../src/db/database.ts';
import { DatabaseFull, DatabaseUnavailable, isRetryable, violatedUnique } from '../../src/db/errors.ts';
import { sql } from '../../src/db/sql.ts';
import { useDatabase } from '../support/database.ts';

const db = await useDatabase({ empty: true });
await db.run(sql`create table item (id bigint primary key, name text, tags text[], data jsonb, at timestamptz)`);

test('rows, row and run with values of all kinds', async () => {
  const at = '2026-11-22T10:47:38.420333Z';
  const changed = await db.run(sql`insert into item values
    (${1}, ${'a'}, ${['x', 'y"']}, ${sql.json([1, { b: null }])}, ${at}), (${2}, ${null}, null, null, null)`);
  assert.equal(changed, 2);
  assert.deepEqual(await db.rows(sql`select * from item order by id`), [
    { id: 1, name: 'a', tags: ['x', 'y"'], data: [1, { b: null }], at },
    { id: 2, name: null, tags: null, data: null, at: null },
  ]);
  assert.deepEqual(await db.row(sql`select id from item where id = any(${[2, 3]})`), { id: 2 });
  assert.equal(await db.row(sql`select 1 from item where id = ${99}`), undefined);
});

test('more statements than a connection may keep prepared', async () => {
  const single = openDatabase({ url: db.url, poolSize: 1 });
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 260; i++) {
      const row = await single.row<{ n: number }>(sql`select ${i}::int + ${sql.raw(String(i))} as n`);
      assert.equal(row?.n, 2 * i);
    }
  }
  const kept = await single.row<{ n: number }>(sql`select count(*) as n from pg_prepared_statements`);
  assert.ok((kept?.n ?? 0) <= 200, `${kept?.n} statements are kept`);
  await single.close();
});

test('a statement whose table was changed elsewhere is prepared anew', async () => {
  const single = openDatabase({ url: db.url, poolSize: 1 });
  await db.run(sql`create table shape (a int)`);
  const query = sql`select * from shape`;
  for (let i = 0; i < 3; i++) await single.rows(query);
  await db.run(sql`alter table shape add column b int`);
  assert.deepEqual(await single.rows(query), []);
  await db.run(sql`alter table shape add column c int`);
  assert.deepEqual(await single.transaction((tx) => tx.rows(query)), []);
  await single.close();
});

test('a transaction is rolled back when the work throws', async () => {
  const boom = new Error('boom');
  const failed = db.transaction(async (tx) => {
    await tx.run(sql`insert into item (id) values (50)`);
    throw boom;
  });
  await assert.rejects(failed, boom);
  assert.equal(await db.row(sql`select 1 from item where id = 50`), undefined);
});

test('a savepoint undoes only its own work', async () => {
  await db.transaction(async (tx) => {
    await tx.run(sql`insert into item (id) values (60)`);
    const clash = tx.savepoint(() => tx.run(sql`insert into item (id) values (60)`));
    await assert.rejects(clash, (error) => violatedUnique(error) === 'item_pkey');
    await tx.run(sql`insert into item (id) values (61)`);
  });
  assert.equal((await db.rows(sql`select id from item where id in (60, 61)`)).length, 2);
});

test('a serialization failure runs the work again', async () => {
  await db.run(sql`create table counter (n int)`);
  await db.run(sql`insert into counter values (0)`);
  const add = () =>
    db.transaction(
      async (tx) => {
        const row = await tx.row<{ n: number }>(sql`select n from counter`);
        await tx.run(sql`update counter set n = ${(row?.n ?? 0) + 1}`);
      },
      { isolation: 'serializable' },
    );
  await Promise.all([add(), add(), add()]);
  assert.equal((await db.row<{ n: number }>(sql`select n from counter`))?.n, 3);
});

test('other errors of the server come through as they are', async () => {
  await assert.rejects(db.rows(sql`select 1/0`), (error) => !isRetryable(error) && /division/.test(String(error)));
});

test('what fails elsewhere during a transaction is not the failure of the database', async () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'ENOENT', 'EPIPE']) {
    const elsewhere = Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });
    const fail = () => Promise.reject(elsewhere);
    await assert.rejects(db.transaction(fail), elsewhere);
    await db.transaction(async (tx) => {
      await assert.rejects(tx.savepoint(fail), elsewhere);
      assert.ok(await tx.row(sql`select 1`));
    });
  }
});

test('a full disk, and want of memory, are told apart from statements that are wrong', async () => {
  const raise = (code: string) =>
    sql.raw(`do $$ begin raise exception 'could not extend file' using errcode = '${code}'; end $$`);
  const log = () => {};
  const answerTo = async (code: string) => {
    const error: unknown = await db.transaction((tx) => tx.run(raise(code))).catch((reason: unknown) => reason);
    return answerError(error, { debug: log, info: log, warn: log, error: log }, 'POST uploads/');
  };
  const full = await answerTo('53100');
  assert.equal(full.status, 507);
  assert.match(JSON.stringify(full.body), /disk of the database is full/);
  for (const code of ['53200', '53000', '53400', '53300']) assert.equal((await answerTo(code)).status, 503, code);
  assert.deepEqual((await answerTo('54000')).body, { non_field_errors: ['A value is too long.'] });
  assert.equal((await answerTo('42601')).status, 500);
  await assert.rejects(db.run(raise('53100')), DatabaseFull);
});

test('COPY in and out', async () => {
  await db.run(sql`create table load (id int, name text, list text[], data jsonb)`);
  const rows = Array.from({ length: 20_000 }, (_, i) => [i, `n\t${i}\\\n`, ['a"', null], { i }]);
  assert.equal(await db.transaction((tx) => copyRows(tx, 'load', ['id', 'name', 'list', 'data'], rows)), 20_000);
  assert.deepEqual(await db.row(sql`select * from load where id = 7`), {
    id: 7,
    name: 'n\t7\\\n',
    list: ['a"', null],
    data: { i: 7 },
  });
  const out = await db.transaction((tx) => text(tx.copyOut(sql`select id from load where id < 3 order by id`)));
  assert.equal(out, '0\n1\n2\n');
  const broken = db.transaction((tx) => copyRows(tx, 'load', ['id'], [['no number']]));
  await assert.rejects(broken, /invalid input syntax/);
  assert.equal((await db.row<{ n: number }>(sql`select count(*) as n from load`))?.n, 20_000);
});

test('a COPY whose source fails leaves the connection usable', async () => {
  function* failing(after: number) {
    for (let at = 0; at < after; at++) yield [at];
    throw new Error('source failed');
  }
  for (const after of [1, 100_000]) {
    await assert.rejects(
      db.transaction((tx) => copyRows(tx, 'load', ['id'], failing(after))),
      /source failed/,
    );
  }
  assert.equal((await db.row<{ n: number }>(sql`select 1 as n`))?.n, 1);
});

test('notifications arrive, also after the connection was lost', async () => {
  const heard: string[] = [];
  const stop = await db.listen('news', (payload) => heard.push(payload));
  await db.notify('news', 'one');
  await db.transaction(async (tx) => tx.notify('news', 'two'));
  while (heard.length < 2) await sleep(5);
  const back = new Promise<void>((resolve) => db.onReconnect(resolve));
  await db.run(sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'deckle listen'
    and datname = current_database()`);
  await back;
  await db.notify('news', 'three');
  while (heard.length < 3) await sleep(5);
  await stop();
  await db.notify('news', 'four');
  await sleep(50);
  assert.deepEqual(heard, ['one', 'two', 'three']);
});

test('a lost connection is DatabaseUnavailable and the next query works', async () => {
  const other = openDatabase({ url: db.url, poolSize: 1, applicationName: 'victim' });
  await other.rows(sql`select 1`);
  const hanging = other.rows(sql`select pg_sleep(30)`);
  const failed = assert.rejects(hanging, DatabaseUnavailable);
  await sleep(100);
  await db.run(sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'`);
  await failed;
  assert.equal((await other.rows(sql`select 1`)).length, 1);
  await other.close();
  const nowhere = openDatabase({ url: 'postgresql://x@/x?host=/nonexistent' });
  await assert.rejects(nowhere.rows(sql`select 1`), DatabaseUnavailable);
  await assert.rejects(
    nowhere.transaction(async () => {}),
    DatabaseUnavailable,
  );
  await nowhere.close();
});

test('an advisory lock is exclusive, freed by release, and tells when it is lost', async () => {
  const options = { url: db.url, name: 'the lock' };
  const events = new EventTarget();
  const lost = once(events, 'lost');
  const first = await tryAdvisoryLock({ ...options, onLost: () => events.dispatchEvent(new Event('lost')) });
  assert.ok(first);
  assert.equal(await tryAdvisoryLock(options), undefined);
  await db.run(
    sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'deckle lock the lock'`,
  );
  await lost;
  const second = await tryAdvisoryLock(options);
  assert.ok(second);
  await second.release();
  const third = await tryAdvisoryLock(options);
  assert.ok(third);
  await third.release();
});
