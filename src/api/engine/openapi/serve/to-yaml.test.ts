/** YAML text of plain data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toYaml } from './to-yaml.ts';

test('writes objects and lists in block style', () => {
  const data = { name: 'a b', list: [1, { x: true, y: [] }, ['z', null]], empty: {}, none: undefined, 202: 'accepted' };
  const lines = [
    '"202": accepted',
    'name: a b',
    'list:',
    '  - 1',
    '  - x: true',
    '    "y": []',
    '  - - z',
    '    - null',
    'empty: {}',
  ];
  assert.equal(toYaml(data), `${lines.join('\n')}\n`);
});

test('quotes what could be read as something else', () => {
  const words = ['yes', 'null', '1.0', '', ' a', 'a: b', '- a', '#a', 'a\nb', '{a}', "it's", '2026-11-22', 'ø'];
  for (const word of words) assert.equal(toYaml([word]), `- ${JSON.stringify(word)}\n`, word);
  for (const word of ['string', 'int64', 'date-time']) assert.equal(toYaml([word]), `- ${word}\n`);
});
