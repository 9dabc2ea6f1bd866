/**
 * Kills, freezes and restarts processes of a server at random moments while clients work with it, then looks whether what
 * was promised holds: nothing acknowledged is lost, no wrong byte, no task unfinished. Run: `node bench/soak.ts [kills] [seed]`
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../src/db/sql.ts';
import { useUpstream } from '../test/content/upstream.ts';
import {
  type Cluster,
  fileForm,
  freePort,
  type Member,
  type Role,
  randomText,
  useCluster,
} from '../test/failure/cluster.ts';

const kills = Number(process.argv[2] ?? 50);
const seed = Number(process.argv[3] ?? Date.now() % 100_000);
/** Time to live of processes, in seconds, and what is allowed on top of it. */
const ttl = 3;
const allowance = 60;

/** Numbers from 0 to 1 that depend on the seed only. */
function randomNumbers(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const random = randomNumbers(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

interface Slot {
  readonly role: Role;
  readonly port: number;
  member: Member;
}

class Soak {
  readonly artifacts: { href: string; sha256: string }[] = [];
  readonly repositories: string[] = [];
  readonly tasks: string[] = [];
  readonly wrong: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly slots: Slot[] = [];
  readonly cluster: Cluster;
  running = true;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async open(role: Role): Promise<void> {
    const port = await freePort();
    this.slots.push({ role, port, member: await this.cluster.start(role, { port }) });
  }

  any(role: Role): Member {
    return pick(this.slots.filter((slot) => slot.role === role)).member;
  }

  /** As an init system does: whatever has ended is started again. */
  async supervise(): Promise<void> {
    while (this.running) {
      for (const slot of this.slots) {
        if (slot.member.ended) slot.member = await this.cluster.spawn(slot.role, { port: slot.port });
      }
      await sleep(200);
    }
  }

  /** Does something again and again; failures are counted, not judged. */
  async client(what: string, work: () => Promise<unknown>): Promise<void> {
    while (this.running) {
      try {
        await work();
        this.count(`${what}: done`);
      } catch (error) {
        if (error instanceof assert.AssertionError) this.wrong.push(`${what}: ${error.message}`);
        this.count(`${what}: failed`);
        await sleep(100);
      }
      await sleep(20);
    }
  }

  async killOne(number: number): Promise<void> {
    const chance = random();
    if (chance < 0.08) {
      await this.cluster.postgres!.signal('SIGKILL');
      return this.count('database killed');
    }
    if (chance < 0.12) {
      await this.cluster.postgres!.signal('SIGSTOP');
      await sleep(4000);
      await this.cluster.postgres!.signal('SIGCONT');
      return this.count('database frozen');
    }
    const slot = pick(this.slots);
    if (slot.member.ended) return;
    if (chance < 0.25) {
      slot.member.freeze();
      await sleep((ttl + 3) * 1000);
      slot.member.thaw();
      return this.count(`${slot.role} frozen`);
    }
    if (number % 10 === 9) for (const each of this.slots) each.member.kill();
    else slot.member.kill();
    this.count(number % 10 === 9 ? 'all killed' : `${slot.role} killed`);
  }
}

async function upload(soak: Soak): Promise<void> {
  const text = randomText(2 * Math.ceil(8192 + random() * 65_536));
  const { status, body } = await soak.any('api').call('POST', 'artifacts/', fileForm(text));
  if (status !== 201) throw new Error(`status ${status}`);
  assert.equal(body.sha256, createHash('sha256').update(text).digest('hex'));
  soak.artifacts.push({ href: body.pulp_href, sha256: body.sha256 });
}

async function syncSomething(soak: Soak, remote: string): Promise<void> {
  const api = soak.any('api');
  const { status, body } = await api.call('POST', 'repositories/file/file/', { name: soak.cluster.name('soak') });
  if (status !== 201) throw new Error(`status ${status}`);
  soak.repositories.push(body.pulp_href);
  const sync = await api.call('POST', `${body.pulp_href}sync/`, { remote });
  if (sync.status !== 202) throw new Error(`status ${sync.status}`);
  soak.tasks.push(sync.body.task);
  await sleep(400);
}

async function change(soak: Soak): Promise<void> {
  if (soak.repositories.length === 0) return;
  const answer = await soak.any('api').call('PATCH', pick(soak.repositories), { description: randomText(16) });
  if (answer.status === 202) soak.tasks.push(answer.body.task);
  else if (answer.status !== 200) throw new Error(`status ${answer.status}`);
}

async function download(soak: Soak, path: string, texts: Readonly<Record<string, string>>): Promise<void> {
  const name = pick(Object.keys(texts));
  const response = await fetch(`${soak.any('content').url}${path}${name}`);
  const body = await response.text();
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  assert.ok(body === texts[name], `${name} has wrong bytes`);
}

/** A distribution of on-demand content, so that content processes fetch and save while they are killed. */
async function distribute(soak: Soak, url: string): Promise<string> {
  const api = soak.any('api');
  const remote = await api.call('POST', 'remotes/file/file/', { name: 'served', url, policy: 'on_demand' });
  const repository = (await api.call('POST', 'repositories/file/file/', { name: 'served' })).body.pulp_href;
  assert.equal((await api.done('POST', `${repository}sync/`, { remote: remote.body.pulp_href })).state, 'completed');
  assert.equal((await api.done('POST', 'publications/file/file/', { repository })).state, 'completed');
  await api.done('POST', 'distributions/file/file/', { name: 'served', base_path: 'served', repository });
  return '/pulp/content/served/';
}

async function judge(soak: Soak): Promise<void> {
  const { cluster } = soak;
  for (const slot of soak.slots)
    if (slot.member.ended) slot.member = await cluster.spawn(slot.role, { port: slot.port });
  for (const slot of soak.slots) await cluster.ready(slot.member);
  const api = soak.any('api');
  const deadline = performance.now() + (ttl + allowance) * 1000;
  const unfinished = () =>
    cluster.db.rows(
      sql`select id, name, state, worker, created_by from task where state in ('waiting', 'running', 'canceling')`,
    );
  while ((await unfinished()).length > 0 && performance.now() < deadline) await sleep(200);
  assert.deepEqual(await unfinished(), [], 'unfinished tasks');
  for (const { href, sha256 } of soak.artifacts) {
    const { status, body } = await api.get(href);
    assert.deepEqual([status, body.sha256], [200, sha256], `artifact ${href}`);
  }
  for (const href of [...soak.repositories, ...soak.tasks]) assert.equal((await api.get(href)).status, 200, href);
  assert.deepEqual(await cluster.damagedArtifacts(), [], 'damaged artifacts');
  assert.deepEqual(await cluster.db.rows(sql`select * from task_resource`), [], 'locks');
  assert.deepEqual(
    await cluster.db.rows(sql`select pulp_id from repository_version where not complete`),
    [],
    'versions',
  );
  const failed = await cluster.db.rows<{ reason: string; count: number }>(sql`
    select coalesce(error ->> 'reason', error ->> 'description', '') as reason, count(*)::int as count
      from task where state = 'failed' group by 1 order by 2 desc limit 10`);
  process.stdout.write(`tasks that failed: ${JSON.stringify(failed)}\n`);
}

let soak: Soak;
const texts = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`${n}.bin`, randomText(64 * 1024)]));
const cluster = await useCluster({}, { ownPostgres: true });
const upstream = await useUpstream();

before(async () => {
  soak = new Soak(cluster);
  for (const role of ['api', 'api', 'content', 'worker', 'worker'] as const) await soak.open(role);
});

test(`${kills} kills under load, seed ${seed}`, { timeout: 3_600_000 }, async () => {
  const path = await distribute(soak, upstream.publish('served', texts));
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${n}.txt`, `file ${n}`]));
  const url = upstream.publish('many', many);
  const remote = (await soak.any('api').call('POST', 'remotes/file/file/', { name: 'many', url })).body.pulp_href;
  const work = [
    soak.supervise(),
    soak.client('upload', () => upload(soak)),
    soak.client('sync', () => syncSomething(soak, remote)),
    soak.client('change', () => change(soak)),
    soak.client('download', () => download(soak, path, texts)),
    soak.client('download', () => download(soak, path, texts)),
  ];
  for (let number = 0; number < kills; number++) {
    await sleep(500 + random() * 3000);
    await soak.killOne(number);
  }
  soak.running = false;
  await Promise.all(work);
  process.stdout.write(`${JSON.stringify(soak.counts)}\n`);
  assert.deepEqual(soak.wrong, []);
  await judge(soak);
});
