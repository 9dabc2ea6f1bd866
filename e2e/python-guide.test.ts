/** The pulp command and installers of packages, as published, do what docs/python.md says, in its order. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { shellBlocks } from '../test/docs/doc-blocks.ts';
import { useExampleIndex, useExampleUpstream, useShell } from '../test/docs/guide-shell.ts';
import { startServer } from '../test/support/server.ts';
import { clientsVariable, installersVariable } from './python-clients.ts';

const clients = process.env[clientsVariable];
const installers = process.env[installersVariable];
assert.ok(clients && installers, 'Run this by: npm run e2e');
const guide = join(import.meta.dirname, '..', 'docs', 'python.md');
const server = await startServer({ settings: { workers: 2 } });
const shell = useShell(server, await useExampleUpstream(), [installers, clients], await useExampleIndex());

test('the line that the server prints sets the client up', async () => {
  const line = /^ *(pulp config create .*)$/m.exec(server.output())?.[1];
  assert.ok(line, server.output());
  await shell.run(`cd / && ${line}`);
});

for (const { line, text } of shellBlocks(guide).filter(({ mark }) => mark === 'pulp' || mark === 'python')) {
  test(`python.md line ${line}`, async () => {
    await shell.run(`export PIP_CONFIG_FILE=/dev/null UV_NO_CONFIG=1\n${text}`);
  });
}
