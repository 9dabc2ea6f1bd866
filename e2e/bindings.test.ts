/** The published Python bindings live through the life of a file repository. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { useExampleUpstream, useShell } from '../test/docs/guide-shell.ts';
import { startServer } from '../test/support/server.ts';
import { clientsVariable } from './python-clients.ts';

const clients = process.env[clientsVariable];
assert.ok(clients, 'Run this by: npm run e2e');
const server = await startServer({ settings: { workers: 2 } });
const upstream = await useExampleUpstream();
const shell = useShell(server, upstream, [clients]);

test('sync, upload, label, list, modify, publish, serve, destroy', async () => {
  const script = join(import.meta.dirname, 'file-bindings.py');
  const said = await shell.run(`python '${script}' ${upstream}/bindings/PULP_MANIFEST`);
  const steps = said.split('\n').filter((line) => line.startsWith('ok '));
  assert.equal(steps.length, 10, said);
});
