/** Package types as `npm run new-plugin` writes them: in a copy of the source tree they pass types, lint and the conformance suite. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const copy = mkdtempSync(join(tmpdir(), 'deckle-new-plugin-'));
after(() => rmSync(copy, { recursive: true, force: true }));

const COPIED = ['src', 'test', 'scripts', 'e2e', 'bench', 'package.json', 'tsconfig.json', 'biome.json', '.gitignore'];

before(() => {
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

/** Runs a program in the copy; answers its exit code and what it has written. */
async function run(program: string, ...words: string[]): Promise<{ code: number | null; output: string }> {
  // A test run within a test run would think that it is a part of it.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_TEST|DECKLE_)/.test(name)));
  const child = spawn(program, words, { cwd: copy, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

const node = (...words: string[]) => run(process.execPath, ...words);
const tool = (name: string, ...words: string[]) => run(join(root, 'node_modules', '.bin', name), ...words);

async function succeeds(running: Promise<{ code: number | null; output: string }>): Promise<string> {
  const { code, output } = await running;
  assert.equal(code, 0, output);
  return output;
}

test('names that are none or taken are refused', async () => {
  for (const [name, reason] of [
    ['file', /package type of that name/],
    ['core', /package type of that name/],
    ['Toy', /snake_case/],
    ['two__scores', /snake_case/],
    ['../toy', /snake_case/],
    ['x'.repeat(41), /at most 40/],
  ] as const) {
    const { code, output } = await node('scripts/new-plugin.ts', name);
    assert.equal(code, 1, name);
    assert.match(output, reason);
  }
  assert.equal(existsSync(join(copy, 'src', 'plugins', 'two__scores')), false);
});

test('new package types, with and without publications, need nothing else', async () => {
  await succeeds(node('scripts/new-plugin.ts', 'toy', '--settings'));
  await succeeds(node('scripts/new-plugin.ts', 'plain_toy', '--no-publish'));
  const again = await node('scripts/new-plugin.ts', 'toy');
  assert.match(again.output, /package type of that name/);
  const installed = readFileSync(join(copy, 'src', 'app', 'installed-plugins.ts'), 'utf8');
  const lines = readFileSync(join(root, 'src', 'app', 'installed-plugins.ts'), 'utf8').split('\n');
  assert.deepEqual(installed.match(/\b(plainToy|toy)Plugin\b/g)!.length, 4, 'an import and an entry for each');
  assert.ok(installed.split('\n').length >= lines.length + 2);
});

test('their files have types, and are as the formatter wants them', async () => {
  await succeeds(tool('tsc', '--noEmit'));
  await succeeds(tool('biome', 'check', 'src/plugins', 'src/app', 'test/conformance'));
});

test('they pass the conformance suite', { timeout: 300_000 }, async () => {
  const files = ['toy', 'plain_toy'].map((name) => `test/conformance/${name}.test.ts`);
  const output = await succeeds(node('scripts/run-tests.ts', ...files, 'src/plugins/toy'));
  assert.match(output, /^ok {5}test\/conformance\/toy\.test\.ts/m);
  assert.match(output, /^ok {5}test\/conformance\/plain_toy\.test\.ts/m);
  assert.match(output, /^ok {5}src\/plugins\/toy\/formats\/index-lines\.test\.ts/m);
  assert.match(output, /skipped: plain_toy: .* \(no publications, no index\)/, 'what a type cannot is told by name');
});
