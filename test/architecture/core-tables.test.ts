/**
 * Guards who writes the tables of the core: `src/model` alone. What else still does is listed here with its tables, and the list may only
 * shrink. Tables that a package type makes in its own migrations are that type's business; reads stay with whoever reads.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { sources, src, textOf } from './imports.ts';

const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // A dump brings the rows of all tables, whatever they mean.
  'engines/backup/load-database.ts': ['?'],
};

/** A table whose name stands in a value: `update ${table} …`. */
const UNKNOWN = '?';

const TABLE = String.raw`(?:"?(\w+)"?|\$\{[^}]*\})`;
const ALIAS = String.raw`(?:\s+(?:as\s+)?\w+)?`;
const WRITES = [
  new RegExp(String.raw`\b(?:insert\s+into|merge\s+into|delete\s+from|truncate(?:\s+table)?)\s+${TABLE}`, 'g'),
  new RegExp(String.raw`\bupdate\s+(?!(?:of|set|skip)\b)${TABLE}${ALIAS}\s+set\b`, 'g'),
  /\bcopy\s+"?(\w+)"?\s*(?:\([^)]*\)\s*)?from\b/g,
  /\bcopyRows\(\s*\w+,\s*(?:'(\w+)'|[^'\s])/g,
  /\b(?:tx|db)\.copyIn\(\s*(?:'(\w+)'|[^'\s])/g,
];

const migrations = (folder: string) =>
  globSync('**/*.sql', { cwd: join(src, folder) }).map((file) => readFileSync(join(src, folder, file), 'utf8'));

const tablesOf = (texts: readonly string[]) =>
  new Set(
    texts.flatMap((text) => [...text.matchAll(/\bcreate\s+(?:unlogged\s+)?table\s+(\w+)/gi)].map((match) => match[1]!)),
  );

const coreTables = tablesOf(migrations('db/migrations'));

/** Core tables that a text of TypeScript writes, each once, in alphabetical order. */
function writtenBy(text: string): string[] {
  const named = WRITES.flatMap((write) => [...text.matchAll(write)].map((match) => match[1] ?? UNKNOWN));
  return [...new Set(named)].filter((table) => table === UNKNOWN || coreTables.has(table)).sort();
}

const isFree = (file: string) => file.startsWith('model/') || file.startsWith('db/');

test('the migrations of the core name its tables', () => {
  for (const table of ['artifact', 'content', 'distribution', 'repository', 'repository_content', 'task'])
    assert.ok(coreTables.has(table), table);
});

test('a write is found in whatever form it has', () => {
  const forms = [
    ['sql`insert into artifact (id) values (1)`', 'artifact'],
    ['sql`with x as (delete from content c returning *) select`', 'content'],
    ['sql`update repository r\n  set name = 1`', 'repository'],
    [`sql\`update \${table} t set name = 1\``, UNKNOWN],
    ['sql`select for update of c) update artifact set size = 1`', 'artifact'],
    ['sql`insert into x on conflict do update set y = 1) update artifact set size = 1`', 'artifact'],
    ["copyRows(tx, 'repository_content', [])", 'repository_content'],
    ['copyRows(tx, table, [])', UNKNOWN],
    ['tx.copyIn(table.name, [])', UNKNOWN],
  ] as const;
  for (const [text, table] of forms) assert.deepEqual(writtenBy(text), [table], text);
  assert.deepEqual(
    writtenBy('sql`select * from artifact for update of c`; sql`update a_table_of_a_plugin set x = 1`'),
    [],
  );
});

test('only the model writes the tables of the core', () => {
  const written = sources.filter((file) => !isFree(file)).map((file) => [file, writtenBy(textOf(file))] as const);
  const found = Object.fromEntries(written.filter(([, tables]) => tables.length > 0).sort());
  assert.deepEqual(found, EXCEPTIONS);
});

test('no package type is among the exceptions', () => {
  assert.deepEqual(
    Object.keys(EXCEPTIONS).filter((file) => file.startsWith('plugins/')),
    [],
  );
});
