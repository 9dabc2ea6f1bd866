/** Tests of the COPY text format. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyInText, copyOutText, encodeCopyRow } from './copy-rows.ts';
import { sql } from './sql.ts';

test('rows are encoded with escapes', () => {
  assert.equal(encodeCopyRow(['a\tb\nc\\d\r', null, 1, true, undefined]), 'a\\tb\\nc\\\\d\\r\t\\N\t1\tt\t\\N\n');
  assert.equal(encodeCopyRow([{ a: 'x\ny' }]), '{"a":"x\\\\ny"}\n');
  assert.equal(encodeCopyRow([['a"b', null, 'c\\']]), '{"a\\\\"b",NULL,"c\\\\\\\\"}\n');
  assert.equal(encodeCopyRow([Buffer.from('ab')]), '\\\\x6162\n');
});

test('statements', () => {
  assert.equal(copyInText('s.t', ['a', 'b']), 'copy "s"."t" ("a", "b") from stdin');
  assert.equal(copyOutText(sql`select 1`), 'copy (select 1) to stdout');
  assert.throws(() => copyOutText(sql`select ${1}`));
});
