/** What package types are written in explains itself: everything that plugin-api exports has a doc comment. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sources, textOf } from './imports.ts';

const EXPORT = /^export (?:abstract )?(?:async )?(?:function\*?|const|interface|type|class) (\w+)/;

const files = sources.filter((file) => file.startsWith('plugin-api/') && file !== 'plugin-api/index.ts');

/** Names a file exports with the line above each. */
function exportsOf(file: string): { name: string; above: string }[] {
  const lines = textOf(file).split('\n');
  return lines.flatMap((line, at) => {
    const name = EXPORT.exec(line)?.[1];
    return name === undefined ? [] : [{ name, above: lines[at - 1] ?? '' }];
  });
}

test('every export of plugin-api has a doc comment', () => {
  const found = files.flatMap((file) => exportsOf(file).map((one) => ({ ...one, file })));
  assert.ok(found.length > 150, 'hardly any export was found');
  const silent = found.filter(({ above }) => !above.endsWith('*/')).map(({ file, name }) => `${file}: ${name}`);
  assert.deepEqual(silent, []);
});

test('no comment of plugin-api leans on its neighbour', () => {
  const leaning = files.filter((file) => /\/\*\* The same\b/.test(textOf(file)));
  assert.deepEqual(leaning, []);
});

const INTERFACE = /^(?:export )?interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm;
const MEMBER = /^ {2}(?:readonly )?\w+\??[(:<]/gm;

test('no contract has twelve members or more of its own', () => {
  const contracts = files
    .filter((file) => file.startsWith('plugin-api/contracts/'))
    .flatMap((file) =>
      [...textOf(file).matchAll(INTERFACE)].map(([, name, body]) => ({
        name,
        members: body!.match(MEMBER)?.length ?? 0,
      })),
    );
  assert.ok(contracts.length > 40, 'hardly any contract was found');
  assert.deepEqual(
    contracts.filter(({ members }) => members >= 12),
    [],
  );
});
