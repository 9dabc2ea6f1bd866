/** The guide for authors of package types has a sentence for each contract, and names no contract that is gone. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '..', '..');

test('every contract of package types is explained', () => {
  const guide = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const table = /### Contracts\n(.*?)\n### /s.exec(guide)![1]!;
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => name!));
  assert.deepEqual(named.sort(), readdirSync(join(root, 'src', 'plugin-api', 'contracts')).sort());
});
