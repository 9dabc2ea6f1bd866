import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ManifestEntry, ManifestError, manifestLine, parseManifest } from './manifest.ts';

const digest = 'ab'.repeat(32);

async function parse(...pieces: readonly (string | Uint8Array)[]): Promise<ManifestEntry[]> {
  const source = (async function* () {
    for (const piece of pieces) yield Buffer.from(piece as string);
  })();
  return (await Array.fromAsync(parseManifest(source))).flat();
}

test('entries are read whatever the borders of pieces', async () => {
  const text = `ä/b.txt,${digest},12\n\n# comment\r\n  c , ${digest.toUpperCase()} , 0 \r\nx,y,${digest},3`;
  const expected = [
    { relativePath: 'ä/b.txt', sha256: digest, size: 12 },
    { relativePath: 'c', sha256: digest, size: 0 },
    { relativePath: 'x,y', sha256: digest, size: 3 },
  ];
  assert.deepEqual(await parse(text), expected);
  assert.deepEqual(await parse(...Array.from(Buffer.from(text), (byte) => Buffer.from([byte]))), expected);
  assert.deepEqual(await parse(), []);
});

test('what was written is read again', async () => {
  const entry = { relativePath: 'comma,folder/,comma,,file,.iso', sha256: digest, size: 1024 };
  assert.deepEqual(await parse(manifestLine(entry)), [entry]);
});

for (const line of [
  'x',
  `${digest},1`,
  `,${digest},1`,
  `/x,${digest},1`,
  `x/,${digest},1`,
  `a//b,${digest},1`,
  `../x,${digest},1`,
  `a/../../x,${digest},1`,
  `./x,${digest},1`,
  `..,${digest},1`,
  `x,${digest.slice(1)},1`,
  `x,${digest},-1`,
  `x,${digest},1.5`,
  `x,${digest},`,
]) {
  test(`refused with its number: ${line.replace(digest, '<digest>')}`, async () => {
    await assert.rejects(parse(`ok,${digest},1\n\n${line}\n`), (error) => {
      assert.ok(error instanceof ManifestError);
      assert.match(error.message, /^Error: Parsing of the manifest file failed on line:3\.\nPlease make sure/);
      return true;
    });
  });
}
