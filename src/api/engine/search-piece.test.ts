import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../db/sql.ts';
import { likeCondition, tellingPiece } from './search-piece.ts';

test('the part with most digits tells most', () => {
  assert.equal(tellingPiece('pool/0/package-500123.tar.gz'), 'ge-500123');
  assert.equal(tellingPiece('aaaaaaaaaaaaaaabcdefgh'), 'abcdefgh'.padStart(9, 'a'));
  assert.equal(tellingPiece('pöäüßéèñçøå.txt').length, 9);
});

test('long texts are looked for by a part and compared as a whole', () => {
  const short = likeCondition(sql.raw('t.name'), 'short', '%short%', false);
  assert.deepEqual([short.text, short.values], ['t.name like $1', ['%short%']]);
  const long = likeCondition(sql.raw('t.name'), 'a_long%text_123456', '%x%', true);
  assert.match(long.text, /t\.name ilike \$1 and \(t\.name \|\| ''\) ilike \$2/);
  assert.equal(long.values[0], '%xt\\_123456%');
});
