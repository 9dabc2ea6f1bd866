/** Tests that all encrypted columns are known, and that keys can be changed. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { encryptedColumns } from '../../src/engines/backup/encrypted-columns.ts';
import { rotateKeys } from '../../src/engines/backup/rotate-keys.ts';
import { Secrets } from '../../src/lib/crypto/secrets.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useDatabase } from '../support/database.ts';
import { program } from '../support/program.ts';

const db = await useDatabase();
const known = new Set(encryptedColumns.map(({ table, column }) => `${table}.${column}`));

test('every secret field of a resource is in a known column', () => {
  const unknown = program.resources.flatMap((resource) =>
    Object.entries(resource.fields)
      .filter(([, field]) => field.secret && field.column !== false)
      .map(([name, field]) => `${resource.table.name}.${field.detail ? 'details' : (field.column ?? name)}`)
      .filter((place) => !known.has(place)),
  );
  assert.deepEqual(unknown, []);
});

test('the known columns exist', async () => {
  const rows = await db.rows<{ place: string }>(sql`
    select table_name || '.' || column_name as place from information_schema.columns where table_schema = 'public'`);
  const places = new Set(rows.map(({ place }) => place));
  assert.deepEqual(
    [...known].filter((place) => !places.has(place)),
    [],
  );
});

test('columns and details are encrypted anew; what cannot be read is told; a dry run changes nothing', async () => {
  const [old, current, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const before = new Secrets([old]);
  const after = new Secrets([current, old]);
  await db.run(sql`insert into domain (pulp_id, name) values (${uuid7()}, 'default') on conflict do nothing`);
  const add = (name: string, password: string, details: object) =>
    db.run(sql`insert into remote (pulp_id, domain_id, pulp_type, name, url, password, details)
      select ${uuid7()}, id, 'file.file', ${name}, 'http://h/', ${password}, ${sql.json(details)} from domain limit 1`);
  for (let i = 0; i < 600; i++) await add(`r${i}`, before.encrypt(`p${i}`), {});
  await add('detailed', after.encrypt('new'), { token: before.encrypt('inner'), plain: 'v1 is no token', n: 1 });
  await add('foreign', new Secrets([foreign]).encrypt('x'), {});
  const counts = ({ rotated, current: same, unreadable }: Awaited<ReturnType<typeof rotateKeys>>) => [
    rotated,
    same,
    unreadable,
  ];
  assert.deepEqual(counts(await rotateKeys(db, after, true)), [601, 1, ['remote.password']]);
  assert.deepEqual(counts(await rotateKeys(db, after, false)), [601, 1, ['remote.password']]);
  assert.deepEqual(counts(await rotateKeys(db, after, false)), [0, 602, ['remote.password']]);
  const only = new Secrets([current]);
  const rows = await db.rows<{ name: string; password: string; details: Record<string, string> }>(
    sql`select name, password, details from remote where name <> 'foreign'`,
  );
  for (const { name, password, details } of rows) {
    if (name !== 'detailed') assert.equal(only.decrypt(password), name.replace('r', 'p'));
    else assert.deepEqual([only.decrypt(details.token!), details.plain, details.n], ['inner', 'v1 is no token', 1]);
  }
});
