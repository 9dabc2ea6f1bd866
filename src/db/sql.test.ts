/** Tests of the `sql` tag: numbering, nesting, joining and quoting. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sql, sql } from './sql.ts';

function check(query: Sql, text: string, values: unknown[]): void {
  assert.equal(query.text, text);
  assert.deepEqual(query.values, values);
}

test('values become numbered placeholders', () => {
  check(sql`select ${1}, ${'a'} from t`, 'select $1, $2 from t', [1, 'a']);
  check(sql`select 1`, 'select 1', []);
});

test('fragments are inlined and numbered through', () => {
  const inner = sql`b = ${2} and ${sql`c = ${3}`}`;
  check(
    sql`select * from t where a = ${1} and ${inner} limit ${4}`,
    'select * from t where a = $1 and b = $2 and c = $3 limit $4',
    [1, 2, 3, 4],
  );
  check(sql`${inner}`, 'b = $1 and c = $2', [2, 3]);
  check(sql`${sql.empty}${sql.empty}x`, 'x', []);
});

test('join mixes fragments and values', () => {
  check(sql`in (${sql.join([1, 2, 3])})`, 'in ($1, $2, $3)', [1, 2, 3]);
  check(sql.join([sql`a = ${1}`, sql`b`], ' or '), 'a = $1 or b', [1]);
  check(sql`x ${sql.join([])} y`, 'x  y', []);
});

test('and of nothing is true', () => {
  check(sql.and([]), 'true', []);
  check(sql.and([sql`a = ${1}`, sql`b = ${2}`]), 'a = $1 and b = $2', [1, 2]);
});

test('identifiers are quoted', () => {
  assert.equal(sql.ident('a"b', 'c').text, '"a""b"."c"');
});

test('json takes arrays as json, not as arrays', () => {
  check(sql`select ${sql.json([1, { a: 2 }])}`, 'select $1::jsonb', ['[1,{"a":2}]']);
});

test('unprepared keeps text and values and spreads to the outer query', () => {
  const query = sql`select ${1}`;
  check(query.unprepared, 'select $1', [1]);
  assert.equal(query.prepared, true);
  assert.equal(query.unprepared.prepared, false);
  assert.equal(sql`with ${query.unprepared} x`.prepared, false);
});

test('a template gives the very same text each time', () => {
  const make = (n: number) => sql`select ${n} from once`;
  assert.equal(make(1).text, make(2).text);
});
