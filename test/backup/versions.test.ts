/** Tests of dumps between databases: external ones, older and newer programs, rights of ordinary users, waiting removals. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { installedMigrations } from '../../src/app/installed-migrations.ts';
import { installedPlugins } from '../../src/app/installed-plugins.ts';
import { waitForAdvisoryLock } from '../../src/db/advisory-lock.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { coreMigrations, type MigrationSource, migrate } from '../../src/db/migrate.ts';
import { sql } from '../../src/db/sql.ts';
import { clearDatabase, tableCount } from '../../src/engines/backup/clear-database.ts';
import { dumpDatabase } from '../../src/engines/backup/dump-database.ts';
import { loadDatabase } from '../../src/engines/backup/load-database.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { fileRemovalLock, removingFiles } from '../../src/model/content/file-removal.ts';
import { runCommand } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { makeDataDirectory, startServer } from '../support/server.ts';
import { get, post, uploadArtifact } from './files.ts';

const scratch = mkdtempSync(join(tmpdir(), 'deckle-dumps-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const silent = { progress() {}, tell() {} };

/** The migrations of a later program: ours and one more. */
function laterSources(): MigrationSource[] {
  const directory = join(scratch, `migrations-${uuid7()}`);
  cpSync(coreMigrations.directory, directory, { recursive: true });
  writeFileSync(
    join(directory, '9999-later.sql'),
    `alter table domain add column later text;
     update domain set later = 'was ' || name;
     alter table domain alter column later set not null;`,
  );
  return installedMigrations.map((source) => (source.component === 'core' ? { ...source, directory } : source));
}

async function dump(db: Database): Promise<string> {
  const file = join(scratch, `${uuid7()}.zst`);
  await db.transaction((tx) => dumpDatabase(tx, file, silent), { isolation: 'repeatable read', readOnly: true });
  return file;
}

/** Rows that need care on their way: quoting, arrays, json, references in a circle, generated columns, identities. */
async function fill(db: Database): Promise<void> {
  const [domain, version, group] = [uuid7(), uuid7(), uuid7()];
  await db.run(
    sql`insert into domain (pulp_id, name, description) values (${domain}, 'odd', ${'a\tb\nc\\N "quoted" €'})`,
  );
  await db.run(sql`insert into repository (pulp_id, domain_id, pulp_type, name, pulp_labels)
    select ${uuid7()}, id, 'file.file', 'r', '{"k": "a\\nb"}' from domain where name = 'odd'`);
  await db.run(sql`insert into repository_version (pulp_id, repository_id, number, base_version_id, complete)
    select ${version}::uuid, id, 0, ${version}::uuid, true from repository`);
  await db.run(sql`insert into distribution (pulp_id, domain_id, pulp_type, name, base_path)
    select ${uuid7()}, id, 'file.file', 'd', 'a/b' from domain where name = 'odd'`);
  await db.run(
    sql`insert into task_group (pulp_id, domain_id) select ${group}::uuid, id from domain where name = 'odd'`,
  );
  await db.run(sql`insert into task (pulp_id, domain_id, name, state, pulp_created, pulp_last_updated, task_group_id,
      reserved_resources_record)
    select ${uuid7()}, id, 'n', 'completed', now(), now(), ${group}::uuid, ${['a"b', 'c,d', '']}::text[] from domain where name = 'odd'`);
}

const everything = (db: Database) =>
  Promise.all(
    ['domain', 'repository', 'repository_version', 'distribution', 'task', 'task_group', 'access_state'].map((table) =>
      db.rows(sql`select * from ${sql.ident(table)} order by 1`),
    ),
  );

/** What migrations make besides tables, in the words of the server. */
const shape = (db: Database) =>
  db.rows(sql`
    select pg_get_constraintdef(oid) as text, conname::text as name from pg_constraint where connamespace = 'public'::regnamespace
    union all select indexdef, indexname from pg_indexes where schemaname = 'public'
    union all select pg_get_triggerdef(oid) || tgenabled::text, tgname from pg_trigger where not tgisinternal
    order by 2, 1`);

test('all rows, constraints, indexes, triggers and sequences arrive', async () => {
  const [from, to] = [await useDatabase(), await useDatabase({ empty: true })];
  await fill(from);
  await loadDatabase(to, await dump(from), installedMigrations, silent);
  assert.deepEqual(await everything(to), await everything(from));
  assert.deepEqual(await shape(to), await shape(from));
  const next = await to.row<{ id: number }>(
    sql`insert into domain (pulp_id, name) values (${uuid7()}, 'next') returning id`,
  );
  const highest = await from.row<{ id: number }>(sql`select max(id) as id from domain`);
  assert.equal(next?.id, highest!.id + 1);
});

test('a newer program restores an older dump by migrating it, an older one refuses a newer dump', async () => {
  const old = await useDatabase();
  await fill(old);
  const later = laterSources();
  const upgraded = await useDatabase({ empty: true });
  const { upgraded: count } = await loadDatabase(upgraded, await dump(old), later, silent);
  assert.equal(count, 1);
  assert.deepEqual(await upgraded.rows(sql`select later from domain where name = 'odd'`), [{ later: 'was odd' }]);

  const target = await useDatabase({ empty: true });
  await assert.rejects(loadDatabase(target, await dump(upgraded), installedMigrations, silent), (error: Error) => {
    return (
      error.name === 'MigrationRefused' && /newer than this program: it has core\/9999-later\.sql/.test(error.message)
    );
  });
  assert.equal(await tableCount(target), 0);
  const without = installedMigrations.filter(({ component }) => component !== 'file');
  await assert.rejects(loadDatabase(target, await dump(old), without, silent), /data of the package type file, which/);
});

test('a cut or altered dump leaves nothing', async () => {
  const from = await useDatabase();
  await fill(from);
  const file = await dump(from);
  const { readFileSync } = await import('node:fs');
  const bytes = readFileSync(file);
  const target = await useDatabase({ empty: true });
  for (const broken of [
    bytes.subarray(0, bytes.length - 40),
    Buffer.concat([bytes.subarray(0, 700), bytes.subarray(701)]),
  ]) {
    const path = join(scratch, `${uuid7()}.zst`);
    writeFileSync(path, broken);
    await assert.rejects(loadDatabase(target, path, installedMigrations, silent));
    const rows = (await tableCount(target)) === 0 ? [] : await target.rows(sql`select * from domain`);
    assert.deepEqual(rows, []);
    await clearDatabase(target);
    assert.equal(await tableCount(target), 0);
  }
});

test('a user who only owns the database can restore and replace', async () => {
  const from = await useDatabase();
  await fill(from);
  const target = await useDatabase({ empty: true });
  const name = `owner_${process.pid}`;
  await target.run(sql.raw(`create role ${name}; grant ${name} to current_user`).unprepared);
  await target.run(sql.raw(`grant all on schema public to ${name}`).unprepared);
  const url = `${target.url}${target.url.includes('?') ? '&' : '?'}options=${encodeURIComponent(`-c role=${name}`)}`;
  const db = openDatabase({ url });
  try {
    assert.deepEqual(await db.rows(sql`select current_user::text as name`), [{ name }]);
    const file = await dump(from);
    await loadDatabase(db, file, installedMigrations, silent);
    await clearDatabase(db);
    await loadDatabase(db, file, installedMigrations, silent);
    assert.deepEqual(await everything(db), await everything(from));
  } finally {
    await db.close();
    await target.run(sql.raw(`drop owned by ${name} cascade; drop role ${name}`).unprepared);
  }
});

test('removal of files waits for a backup and for maintenance', async () => {
  const db = await useDatabase();
  const lock = await waitForAdvisoryLock({ url: db.url, name: fileRemovalLock });
  const transact: Database['transaction'] = (work) => db.transaction(work);
  const done: string[] = [];
  let waited = 0;
  const removal = removingFiles(transact, async () => void done.push('removed'), { onWait: () => void waited++ });
  await sleep(300);
  assert.deepEqual(done, []);
  await lock.release();
  await removal;
  assert.deepEqual([done, waited], [['removed'], 1]);
  await db.run(sql`update server_state set maintenance_since = now()`);
  const stop = new AbortController();
  const stopped = removingFiles(transact, async () => assert.fail('removed during maintenance'), {
    signal: stop.signal,
  });
  await sleep(200);
  stop.abort(new Error('task canceled'));
  await assert.rejects(stopped, /abort|task canceled/i);
});

test('an external database is backed up while serving and restored by its URL', async () => {
  const db = await useDatabase();
  const server = await startServer({ databaseUrl: db.url });
  await uploadArtifact(server, 'external');
  await post(server, 'repositories/file/file/', { name: 'external' });
  const to = makeDataDirectory();
  const made = await runCommand(['backup', '--data', server.data, '--to', to], {
    env: { DECKLE_DATABASE_URL: db.url },
  });
  assert.equal(made.code, 0, made.stderr);
  const status = await get(server, 'status/');
  assert.equal(status.database_connection.connected, true);
  const data = makeDataDirectory();
  const busy = await runCommand(['restore', '--data', data, '--from', to, '--force'], {
    env: { DECKLE_DATABASE_URL: db.url },
  });
  assert.match(busy.stderr, /Stop the processes that use the database first: api /);
  assert.equal(await server.stop(), 0);

  const empty = await useDatabase({ empty: true });
  const other = makeDataDirectory();
  const restored = await runCommand(['restore', '--data', other, '--from', to], {
    env: { DECKLE_DATABASE_URL: empty.url },
  });
  assert.equal(restored.code, 0, restored.stderr);
  const again = await runCommand(['restore', '--data', makeDataDirectory(), '--from', to], {
    env: { DECKLE_DATABASE_URL: empty.url },
  });
  assert.match(again.stderr, /The database is not empty\./);
  const second = await startServer({ data: other, databaseUrl: empty.url });
  assert.equal((await get(second, 'repositories/file/file/?name=external')).count, 1);
  assert.equal(await second.stop(), 0);
});

test('every installed package type can be dumped', async () => {
  const db = await useDatabase({ empty: true });
  await migrate(db, installedMigrations);
  assert.ok(installedPlugins.length > 0);
  await loadDatabase(await useDatabase({ empty: true }), await dump(db), installedMigrations, silent);
});
