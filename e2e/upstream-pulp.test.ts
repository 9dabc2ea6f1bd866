/** `pulp upstream-pulp` of the published client replicates between two servers, without domains and from one domain to another. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type Peer, startPeer } from '../test/replication/servers.ts';
import { clientsVariable } from './python-clients.ts';

const clients = process.env[clientsVariable];
assert.ok(clients, 'Run this by: npm run e2e');
const home = mkdtempSync(join(tmpdir(), 'pulp-cli-'));

/** What the command says on the standard output, as JSON where it is that. */
function pulp(on: Peer, ...words: string[]) {
  const { url, adminPassword } = on.server;
  const domain = on.domain === undefined ? [] : ['--domain', on.domain];
  const login = ['--base-url', url, '--username', 'admin', '--password', adminPassword, ...domain];
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
  return new Promise<{ status: number; told: string; json: any }>((resolve) => {
    const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home };
    execFile(join(clients!, 'pulp'), [...login, ...words], { env }, (error, stdout, stderr) => {
      const json = /^\s*[{[]/.test(stdout) ? JSON.parse(stdout) : undefined;
      resolve({ status: error ? Number(error.code) : 0, told: stdout + stderr, json });
    });
  });
}

async function replicateByClient(upstream: Peer, replica: Peer): Promise<void> {
  const succeed = async (...words: string[]) => {
    const result = await pulp(replica, 'upstream-pulp', ...words);
    assert.equal(result.status, 0, result.told);
    return result.json;
  };
  const { repository } = await upstream.serve('tools', { f: 'first' });
  await upstream.serve('other', { f: 'other' });
  const { url, adminPassword } = upstream.server;
  const there = upstream.domain === undefined ? [] : ['--domain', upstream.domain];
  const connection = ['--base-url', url, '--api-root', '/pulp/', '--username', 'admin', '--password', adminPassword];
  const made = await succeed('create', '--name', 'far', ...connection, ...there);
  assert.equal(made.policy, 'all');
  await succeed('replicate', '--upstream-pulp', 'far');
  assert.deepEqual(await replica.names(), ['other', 'tools']);
  assert.equal(await replica.read('tools/f'), 'first');
  assert.ok((await succeed('show', '--upstream-pulp', 'far')).last_replication);
  assert.equal((await succeed('list')).length, 1);

  await upstream.publish(repository, { f: 'second' });
  await succeed('update', '--upstream-pulp', 'far', '--policy', 'labeled', '--q-select', "name='tools' OR name='none'");
  await succeed('replicate', '--upstream-pulp', 'far', '--q-select', 'name="tools"');
  assert.deepEqual([await replica.read('tools/f'), await replica.names()], ['second', ['other', 'tools']]);
  await succeed('replicate', '--upstream-pulp', 'far');
  assert.deepEqual(await replica.names(), ['tools']);

  await succeed('update', '--upstream-pulp', 'far', '--password', 'wrong');
  const refused = await pulp(replica, 'upstream-pulp', 'replicate', '--upstream-pulp', 'far');
  assert.notEqual(refused.status, 0);
  assert.equal(await replica.read('tools/f'), 'second');
  await succeed('destroy', '--upstream-pulp', 'far');
  assert.deepEqual(await succeed('list'), []);
}

test('between two servers', { timeout: 300_000 }, async () => {
  const [upstream, replica] = await Promise.all([startPeer(), startPeer()]);
  await replicateByClient(upstream, replica);
});

test('from a domain to another', { timeout: 300_000 }, async () => {
  const settings = { domain_enabled: true };
  const [upstream, replica] = await Promise.all([startPeer({ settings }), startPeer({ settings })]);
  await replicateByClient(await upstream.inNewDomain('there'), await replica.inNewDomain('here'));
});
