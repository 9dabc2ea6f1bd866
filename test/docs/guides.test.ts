/** Runs the curl examples of the guides for users; those with other clients run in e2e. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { mainFile } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { startServer } from '../support/server.ts';
import { shellBlocks } from './doc-blocks.ts';
import { useExampleIndex, useExampleUpstream, useShell } from './guide-shell.ts';

const docs = join(dirname(dirname(mainFile)), 'docs');
const guides = ['getting-started.md', 'file.md', 'python.md', 'guards.md'];
const { url: databaseUrl } = await useDatabase();
const server = await startServer({ databaseUrl });
const shell = useShell(server, await useExampleUpstream(), [], await useExampleIndex());

for (const guide of guides) {
  const blocks = shellBlocks(join(docs, guide));

  test(`${guide}: every block says which client it is for`, () => {
    assert.ok(blocks.length >= 6);
    const known = ['curl', 'pulp', 'python'];
    assert.deepEqual(
      blocks.filter(({ mark }) => !known.includes(mark ?? '')).map(({ line }) => line),
      [],
    );
  });

  for (const { line, text } of blocks.filter(({ mark }) => mark === 'curl')) {
    test(`${guide} line ${line}`, async () => {
      await shell.run(text);
    });
  }
}

test('the index names every page', () => {
  const index = readFileSync(join(docs, 'index.md'), 'utf8');
  const linked = new Set([...index.matchAll(/\]\(([\w-]+\.md)\)/g)].map((match) => match[1]));
  const pages = globSync('*.md', { cwd: docs }).filter((page) => page !== 'index.md');
  assert.deepEqual([...linked].sort(), pages.sort());
});
