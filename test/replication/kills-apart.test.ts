/** The API, two content processes, workers and the database of a replica, each a process of its own, die at random moments of its runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, type Member, type Role, until, useCluster } from '../failure/cluster.ts';
import { commandLine, killAll, processTree } from '../support/processes.ts';
import { beginRun, publishGeneration, readPairs, settled } from './pair-reader.ts';
import { type Peer, runningPeer, startPeer } from './servers.ts';

const KILLS = Number(process.env.REPLICATION_KILLS ?? 6);
const REPOSITORIES = Number(process.env.REPLICATION_REPOSITORIES ?? 8);
/** Repositories that change in each generation, the two that are read among them. */
const CHANGED = Math.max(4, REPOSITORIES / 10);

const c = await useCluster({ 'worker-ttl': 3 }, { ownPostgres: true });

/** A process that is started again on its port whenever it has ended, as a service manager does. */
class Kept {
  member!: Member;
  readonly #role: Role;
  readonly #port: number;

  constructor(role: Role, port: number) {
    this.#role = role;
    this.#port = port;
  }

  async start(): Promise<this> {
    await until(`${this.#role} starts`, async () => {
      this.member = await c.spawn(this.#role, { port: this.#port });
      await c.ready(this.member);
      return true;
    });
    return this;
  }

  async keep(): Promise<void> {
    if (this.member.ended) await this.start();
  }
}

const keep = async (role: Role) => await new Kept(role, await freePort()).start();

test('processes apart die: never a mixed pair of two content processes, never a gap', {
  timeout: 1_500_000,
}, async (t) => {
  const upstream = await startPeer();
  const api = await keep('api');
  const contents = [await keep('content'), await keep('content')];
  const workers = [await keep('worker'), await keep('worker')];
  const all = [api, ...contents, ...workers];
  const replica: Peer = runningPeer(api.member.url.replace('//', '//admin:password@'));

  const repositories: string[] = [];
  for (let at = 0; at < REPOSITORIES; at++) {
    repositories.push((await upstream.serve(`r${at}`, { v: '0', own: `${at}` })).repository);
  }
  const href = await replica.upstream(upstream.server);
  assert.deepEqual((await replica.replicate(href)).errors, []);

  const strikes: (() => Promise<void> | void)[] = [
    () => workers[Math.floor(Math.random() * workers.length)]!.member.kill(),
    () => api.member.kill(),
    () => contents[Math.floor(Math.random() * contents.length)]!.member.kill(),
    () => killAll(taskChildren(workers).slice(0, 1)),
    async () => {
      await c.postgres!.signal('SIGKILL');
      await c.postgres!.stop();
      await c.postgres!.start();
    },
  ];
  const reader = readPairs(
    contents.map(({ member }) => member.url),
    REPOSITORIES,
  );
  t.after(() => reader.stop());
  for (let kill = 0; kill < KILLS; kill++) {
    await publishGeneration(upstream, repositories.slice(0, CHANGED), kill + 1);
    await beginRun(replica, href);
    await sleep(Math.random() * 900);
    await strikes[kill % strikes.length]!();
    await until('the API answers', async () => {
      for (const one of all) await one.keep();
      return (await replica.call('GET', 'tasks/?limit=1')).status === 200;
    });
  }
  await settled(replica);
  assert.deepEqual((await replica.replicate(href)).errors, []);
  const plan = await replica.plan(href);
  assert.deepEqual([plan.status, plan.body.items], [200, []]);
  const told = await reader.stop();
  assert.deepEqual(told.wrong, []);
  assert.ok(told.reads > KILLS * 5, `${told.reads} reads`);
  for (const [which, { member }] of contents.entries()) {
    for (let at = 0; at < REPOSITORIES; at++) {
      const { body } = await member.get(`/pulp/content/r${at}/v`);
      assert.equal(body, at < CHANGED ? String(KILLS) : '0', `r${at} of ${which}`);
    }
  }
});

function taskChildren(workers: readonly Kept[]): number[] {
  return workers
    .filter(({ member }) => !member.ended)
    .flatMap(({ member }) => processTree(member.process.pid!))
    .filter((pid) => commandLine(pid).includes('task-child'));
}
