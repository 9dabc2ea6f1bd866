/** No file imports itself by way of others, not even for types: each can be read after what it imports. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { importsOf, sources } from './imports.ts';

/** What is left of a graph without the files that lead nowhere and those that nothing leads to: the circles. */
function circles(imports: ReadonlyMap<string, readonly string[]>): [file: string, imports: readonly string[]][] {
  let left = imports;
  for (;;) {
    const reached = new Set([...left.values()].flat());
    const kept = [...left].filter(([file, targets]) => targets.length > 0 && reached.has(file));
    const names = new Set(kept.map(([file]) => file));
    const smaller = new Map(kept.map(([file, targets]) => [file, targets.filter((target) => names.has(target))]));
    if (smaller.size === left.size) return kept;
    left = smaller;
  }
}

test('a circle is found, and what leads to it or from it is left out', () => {
  const graph = { entry: ['a'], a: ['b'], b: ['c', 'end'], c: ['a'], end: [] };
  const found = circles(new Map(Object.entries(graph)));
  assert.deepEqual(Object.fromEntries(found), { a: ['b'], b: ['c'], c: ['a'] });
});

test('there are no circles', () => {
  const graph = new Map(sources.map((file) => [file, importsOf(file)]));
  assert.deepEqual(Object.fromEntries(circles(graph)), {});
});
