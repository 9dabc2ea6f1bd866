/** The pulp command, as published, does what the guides for users say, in their order. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { shellBlocks } from '../test/docs/doc-blocks.ts';
import { useExampleUpstream, useShell } from '../test/docs/guide-shell.ts';
import { startServer } from '../test/support/server.ts';
import { clientsVariable } from './python-clients.ts';

const clients = process.env[clientsVariable];
assert.ok(clients, 'Run this by: npm run e2e');
const docs = join(import.meta.dirname, '..', 'docs');
const server = await startServer({ settings: { workers: 2 } });
const shell = useShell(server, await useExampleUpstream(), [clients]);

test('the line that the server prints sets the client up', async () => {
  const line = /^ *(pulp config create .*)$/m.exec(server.output())?.[1];
  assert.ok(line, server.output());
  await shell.run(`cd / && ${line}`);
});

for (const guide of ['../README.md', 'getting-started.md', 'file.md', 'guards.md']) {
  for (const { line, text } of shellBlocks(join(docs, guide)).filter(({ mark }) => mark === 'pulp')) {
    test(`${guide} line ${line}`, async () => {
      await shell.run(text);
    });
  }
}

test('what was uploaded and mirrored in README.md and getting-started.md is served byte for byte', async () => {
  for (const path of ['notes/notes.txt', 'tools/notes/notes.txt', 'mirror/notes/notes.txt']) {
    assert.equal(await (await fetch(`${server.url}/pulp/content/${path}`)).text(), 'made here\n');
  }
});

test('errors of the server are told by the client', async () => {
  const twice = 'pulp file repository create --name tools';
  await assert.rejects(shell.run(twice), /This field must be unique/);
  const nowhere = 'pulp file remote create --name nowhere --url http://127.0.0.1:9/PULP_MANIFEST';
  await shell.run(nowhere);
  await assert.rejects(
    shell.run('pulp file repository sync --repository tools --remote nowhere'),
    /Cannot connect to host/,
  );
});
