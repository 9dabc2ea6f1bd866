/** Processes of the replica die at random moments of its runs while clients read two related repositories. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine, killAll, processTree } from '../support/processes.ts';
import { makeDataDirectory, type TestServer } from '../support/server.ts';
import { beginRun, publishGeneration, readPairs, settled } from './pair-reader.ts';
import { type Peer, startPeer } from './servers.ts';

const KILLS = Number(process.env.REPLICATION_KILLS ?? 6);
const REPOSITORIES = Number(process.env.REPLICATION_REPOSITORIES ?? 8);
/** Repositories that change in each generation, the two that are read among them. */
const CHANGED = Math.max(4, REPOSITORIES / 10);

/** What may be killed: each kind is hit in turn. */
const VICTIMS = [' web ', ' worker ', 'task-child', 'postgres'] as const;

function victims(server: TestServer, kind: string): number[] {
  return processTree(server.process.pid!).filter(
    (pid) => pid !== server.process.pid && commandLine(pid).includes(kind),
  );
}

test('kills during runs: never a mixed pair, never a gap, and in sync at the end', {
  timeout: 1_500_000,
}, async (t) => {
  const upstream = await startPeer();
  const data = makeDataDirectory();
  const settings = { workers: 2, worker_ttl: 3, admin_password: 'secret' };
  let replica = await startPeer({ data, settings });
  const { port } = replica.server;
  const repositories: string[] = [];
  for (let at = 0; at < REPOSITORIES; at++) {
    repositories.push((await upstream.serve(`r${at}`, { v: '0', own: `${at}` })).repository);
  }
  const href = await replica.upstream(upstream.server);
  assert.deepEqual((await replica.replicate(href)).errors, []);

  const reader = readPairs([replica.server.url], REPOSITORIES);
  t.after(() => reader.stop());
  for (let kill = 0; kill < KILLS; kill++) {
    await publishGeneration(upstream, repositories.slice(0, CHANGED), kill + 1);
    await beginRun(replica, href);
    await sleep(Math.random() * 900);
    const found = victims(replica.server, VICTIMS[kill % VICTIMS.length]!);
    killAll(found.slice(0, 1));
    replica = await alive(replica, { data, settings: { ...settings, bind: `127.0.0.1:${port}` } });
  }
  await settled(replica);
  const last = await replica.replicate(href);
  assert.deepEqual(last.errors, []);
  const plan = await replica.plan(href);
  assert.deepEqual([plan.status, plan.body.items], [200, []]);
  const told = await reader.stop();
  assert.deepEqual(told.wrong, []);
  assert.ok(told.reads > KILLS * 5, `${told.reads} reads`);
  for (let at = 0; at < REPOSITORIES; at++) {
    assert.equal(await replica.read(`r${at}/v`), at < CHANGED ? String(KILLS) : '0', `r${at}`);
  }
});

/** The server when it answers again; started anew when its supervisor has ended with what was killed. */
async function alive(replica: Peer, options: Parameters<typeof startPeer>[0]): Promise<Peer> {
  for (let tries = 0; tries < 300; tries++) {
    const { process: child } = replica.server;
    if (child.exitCode !== null || child.signalCode !== null) return await startPeer(options);
    const answer = await replica.call('GET', 'tasks/?limit=1').catch(() => undefined);
    if (answer?.status === 200) return replica;
    await sleep(100);
  }
  throw new Error(`The server does not come back:\n${replica.server.output()}`);
}
