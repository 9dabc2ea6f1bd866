/** Tests of the migrations: order, repetition, races, and the refusals. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { installedMigrations } from '../../src/app/installed-migrations.ts';
import { MigrationRefused, migrate, pendingMigrations } from '../../src/db/migrate.ts';
import { sql } from '../../src/db/sql.ts';
import { useDatabase } from '../support/database.ts';

const db = await useDatabase({ empty: true });
const root = mkdtempSync(join(tmpdir(), 'deckle-migrations-'));
after(() => rmSync(root, { recursive: true, force: true }));
const core = { component: 'core', directory: join(root, 'core') };
const plugin = { component: 'thing', directory: join(root, 'thing') };
for (const { directory } of [core, plugin]) mkdirSync(directory);
const write = (source: typeof core, name: string, text: string) => writeFileSync(join(source.directory, name), text);

test('applies files in order and once, also when two programs start at a time', async () => {
  write(core, '0001-base.sql', 'create table base (id int primary key); insert into base values (1);');
  write(core, '0002-more.sql', 'alter table base add column name text;');
  write(plugin, '0001-thing.sql', 'create table thing (base int references base);');
  assert.equal((await pendingMigrations(db, [core, plugin])).length, 3);
  const [a, b] = await Promise.all([migrate(db, [core, plugin]), migrate(db, [core, plugin])]);
  assert.deepEqual([...a, ...b].map(({ component, name }) => `${component}/${name}`).sort(), [
    'core/0001-base.sql',
    'core/0002-more.sql',
    'thing/0001-thing.sql',
  ]);
  assert.deepEqual(await migrate(db, [core, plugin]), []);
  assert.deepEqual(await pendingMigrations(db, [core, plugin]), []);
});

test('a failing file changes nothing', async () => {
  write(core, '0003-bad.sql', 'create table half (id int); select nonsense;');
  await assert.rejects(migrate(db, [core, plugin]), /nonsense/);
  const row = await db.row<{ half: string | null }>(sql`select to_regclass('half')::text as half`);
  assert.equal(row?.half, null);
  rmSync(join(core.directory, '0003-bad.sql'));
});

test('a changed file is refused', async () => {
  write(core, '0002-more.sql', 'alter table base add column title text;');
  await assert.rejects(migrate(db, [core, plugin]), MigrationRefused);
  write(core, '0002-more.sql', 'alter table base add column name text;');
});

test('a database of a newer program is refused', async () => {
  rmSync(join(core.directory, '0002-more.sql'));
  await assert.rejects(migrate(db, [core, plugin]), /newer than this program: it has core\/0002-more.sql/);
});

test("the program's own migrations apply to an empty database", async () => {
  const fresh = await useDatabase({ empty: true });
  await migrate(fresh, installedMigrations);
  assert.deepEqual(await pendingMigrations(fresh, installedMigrations), []);
});
