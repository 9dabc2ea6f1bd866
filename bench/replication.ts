/**
 * Replication of many small file repositories, between two servers of ours and, where a running Pulp is named, by that one
 * from the same upstream: a first run, and one that finds nothing to do. With seconds of processor time of both servers.
 * Run: `node bench/replication.ts [repositories] [http://user:password@host:port of a Pulp]`
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../src/lib/crypto/digest.ts';
import { forEachConcurrent } from '../src/lib/flow/map-concurrent.ts';
import { type Json, type Peer, runningPeer, startPeer } from '../test/replication/servers.ts';
import { commandLine } from '../test/support/processes.ts';
import type { TestServer } from '../test/support/server.ts';

const repositories = Number(process.argv[2] ?? 200);
const pulp = process.argv[3];
const UNITS = 10;
const TICKS = 100;

const bytesOf = (path: string) => Buffer.from(`${path} `.repeat(20));

/** Any `/rN/PULP_MANIFEST` with its files. */
async function startSource(): Promise<string> {
  const server = createServer((request, response) => {
    const [, directory, file] = request.url!.split('/');
    if (file !== 'PULP_MANIFEST') return void response.end(bytesOf(`${directory}/${file}`));
    const lines = Array.from({ length: UNITS }, (_, at) => {
      const bytes = bytesOf(`${directory}/f${at}`);
      return `f${at},${sha256Of(bytes)},${bytes.length}\n`;
    });
    response.end(lines.join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fill(upstream: Peer, source: string): Promise<void> {
  const numbers = Array.from({ length: repositories }, (_, at) => at);
  await forEachConcurrent(numbers, 4, async (at) => {
    const name = `r${at}`;
    const url = `${source}/${name}/PULP_MANIFEST`;
    const remote = await upstream.make('remotes/file/file/', { name, url, policy: 'immediate' });
    const repository = await upstream.make('repositories/file/file/', { name, autopublish: true });
    const { body } = await upstream.call('POST', `${repository.pulp_href}sync/`, { remote: remote.pulp_href });
    await upstream.task(body.task);
    await upstream.make('distributions/file/file/', { name, base_path: name, repository: repository.pulp_href });
  });
}

/** Seconds of processor time so far, by kind of process. */
function usedBy(server: TestServer): Map<string, number> {
  const used = new Map<string, number>();
  for (const pid of server.processes()) {
    const words = commandLine(pid).split(' ');
    // One kind for all of PostgreSQL: what a process has used is added to its parent's time when it ends.
    const word = words.find((one) => /^(web|worker|postgres:|.*\/(postgres|task-child\.ts))$/.test(one)) ?? 'other';
    const kind = word.replace(/^.*\/|:$/g, '');
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      const own = fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0) / TICKS;
      used.set(kind, (used.get(kind) ?? 0) + own);
    } catch {
      // It has ended meanwhile.
    }
  }
  return used;
}

async function timed(name: string, servers: Record<string, TestServer>, work: () => Promise<void>): Promise<void> {
  const before = Object.values(servers).map(usedBy);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${name}: ${seconds.toFixed(2)} s`);
  Object.entries(servers).forEach(([server, one], at) => {
    const parts = [...usedBy(one)].map(([kind, now]) => [kind, now - (before[at]!.get(kind) ?? 0)] as const);
    const total = parts.reduce((sum, [, used]) => sum + used, 0);
    const told = parts.filter(([, used]) => used > 0.05).map(([kind, used]) => `${kind} ${used.toFixed(1)}`);
    console.log(`  processor time of ${server}: ${total.toFixed(1)} s (${told.join(', ')})`);
  });
}

async function replicateThere(peer: Peer, upstream: TestServer): Promise<void> {
  const name = `bench-${Date.now()}`;
  const href = await peer.upstream(upstream, { name, policy: 'nodelete' });
  for (const run of ['first run of Pulp', 'unchanged run of Pulp']) {
    await timed(`${run}, ${repositories} repositories`, { upstream }, async () => {
      const { body } = await peer.call('POST', `${href}replicate/`, {});
      for (;;) {
        const { tasks, failed } = await peer.get(body.task_group);
        const finished = (task: Json) => task.name.endsWith('finalize_replication') && task.state === 'completed';
        assert.equal(failed, 0);
        if (tasks.some(finished)) break;
        await sleep(300);
      }
    });
  }
  assert.equal((await peer.get('distributions/file/file/?name__startswith=r&limit=1')).count, repositories);
}

test('replication of many small repositories', { timeout: 3_600_000 }, async () => {
  const [upstream, replica, source] = await Promise.all([
    startPeer(),
    startPeer({ settings: { workers: 2 } }),
    startSource(),
  ]);
  await timed(`filling ${repositories} repositories`, { upstream: upstream.server }, () => fill(upstream, source));
  const href = await replica.upstream(upstream.server);
  const servers = { replica: replica.server, upstream: upstream.server };
  for (const run of ['first run', 'unchanged run']) {
    await timed(`${run}, ${repositories} repositories`, servers, async () => {
      assert.deepEqual((await replica.replicate(href)).errors, []);
    });
  }
  assert.equal((await replica.names()).length, repositories);
  assert.equal(await replica.read(`r${repositories - 1}/f9`), bytesOf(`r${repositories - 1}/f9`).toString());
  if (pulp) await replicateThere(runningPeer(pulp), upstream.server);
});
