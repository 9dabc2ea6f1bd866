/** Migrations once released are never edited, and databases made by former texts of them come to the present schema. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { installedMigrations } from '../../src/app/installed-migrations.ts';
import type { Database } from '../../src/db/database.ts';
import { migrate, pendingMigrations, readMigrations } from '../../src/db/migrate.ts';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { useDatabase } from '../support/database.ts';

/** Digests of all migrations of the last release; at a release the new ones are added. */
const released = JSON.parse(readFileSync(new URL('./released-migrations.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;
const present = readMigrations(installedMigrations);

test('no released migration was edited or removed', () => {
  const now = new Map(present.map(({ component, name, sha256 }) => [`${component}/${name}`, sha256]));
  const changed = Object.entries(released).filter(([name, sha256]) => now.get(name) !== sha256);
  assert.deepEqual(changed, [], 'write the change as a new migration, and put the file back as it was');
});

const root = mkdtempSync(join(tmpdir(), 'deckle-former-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** The migrations as they are with the former texts in the place of some, without what came after them. */
function formerSources() {
  const later = ['core/0022-former-schemas.sql', 'file/0003-search-list.sql'];
  return installedMigrations.map(({ component, directory }) => {
    const copy = join(root, component);
    cpSync(directory, copy, { recursive: true });
    const former = join(import.meta.dirname, 'former', component);
    if (component === 'core' || component === 'file') cpSync(former, copy, { recursive: true });
    const mend = later.find((one) => one.startsWith(`${component}/`));
    for (const path of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
      if (mend && path.endsWith('.sql') && basename(path) >= basename(mend)) rmSync(join(copy, path));
    }
    return { component, directory: copy };
  });
}

/** Columns, indexes, constraints, functions and options of a schema, as text. */
async function schemaOf(db: Database): Promise<string[]> {
  const rows = await db.rows<{ line: string }>(sql`
    select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
      from information_schema.columns where table_schema = current_schema()
    union all select indexdef from pg_indexes where schemaname = current_schema()
    union all select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
      where connamespace = current_schema()::regnamespace
    union all select pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = current_schema()::regnamespace
      and p.prokind = 'f' and p.prolang in (select oid from pg_language where lanname in ('sql', 'plpgsql'))
    order by 1`);
  return rows.map(({ line }) =>
    line
      .replaceAll(/\s+/g, ' ')
      .replaceAll("'", '')
      .replaceAll(/\$function\$ ?/g, '')
      .trim(),
  );
}

test('a database of the files as they were before their release comes to the present schema, with its webhooks', async () => {
  const old = await useDatabase({ empty: true });
  await migrate(old, formerSources());
  const domain = await old.row<{ id: number; pulp_id: string }>(
    sql`insert into domain (pulp_id, name) values (${uuid7()}, 'default') returning id, pulp_id`,
  );
  await old.run(sql`insert into webhook (pulp_id, name, domain_id, url, kinds, position)
    values (${uuid7()}, 'told', ${domain!.id}, 'https://example.com/', array['task.completed'], 0)`);
  await migrate(old, installedMigrations);
  assert.deepEqual(await pendingMigrations(old, installedMigrations), []);
  const hook = await old.row(sql`select name, domain, kinds from webhook`);
  assert.deepEqual(hook, { name: 'told', domain: domain!.pulp_id, kinds: ['task.completed'] });

  const fresh = await useDatabase({ empty: true });
  await migrate(fresh, installedMigrations);
  const [was, is] = [await schemaOf(old), await schemaOf(fresh)];
  assert.deepEqual(
    was.filter((line) => !is.includes(line)),
    [],
  );
  assert.deepEqual(
    is.filter((line) => !was.includes(line)),
    [],
  );
});
