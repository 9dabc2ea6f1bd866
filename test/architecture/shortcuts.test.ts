/** Guards what is written where the better way is longer: casts that switch the types off, SQL nobody can read. The lists may only shrink. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sources, textOf } from './imports.ts';

/** Casts by file. Most stand where the declarations of a library are wrong, or where rows of the database get their type. */
const CASTS: Readonly<Record<string, number>> = {
  'api/engine/openapi/serve/serialize-document.ts': 1,
  'config/load-settings.ts': 1,
  'content-app/upstream/open-upstream.ts': 1,
  'db/database.ts': 1,
  'db/parse-values.ts': 1,
  'db/statement.ts': 1,
  'engines/export-import/import-task.ts': 1,
  'lib/flow/inflate-counted.ts': 1,
  'model/repositories/remote.ts': 1,
  'plugins/python/attestations/trusted-publisher.ts': 1,
};

/** Longer lines of SQL and of comments, which the formatter leaves as they are, are not taken in at a glance. */
const COLUMNS = 140;
const CAST = /\bas never\b|\bas unknown as\b/g;

function castsIn(text: string): number {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  return [...code.matchAll(CAST)].length;
}

test('casts are counted in code and not in comments', () => {
  assert.equal(castsIn('const a = b as unknown as C;\n// as never again\n/** as never */\nf(x as never);'), 2);
});

test('no casts but the listed ones switch the types off', () => {
  const counted = sources.map((file) => [file, castsIn(textOf(file))] as const).filter(([, count]) => count > 0);
  assert.deepEqual(Object.fromEntries(counted.sort()), CASTS);
});

/** A message or a regular expression alone on its line: it has no place to be broken. */
const ONE_TEXT = /^\s*(?:return |const line = |message: )?(?:['"`]|\/(?![/*]))/;

test('lines are not too long to read', () => {
  const long = sources.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, at) => (line.length > COLUMNS && !ONE_TEXT.test(line) ? [`${file}:${at + 1}`] : [])),
  );
  assert.deepEqual(long, []);
});
