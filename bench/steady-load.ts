/**
 * A thousand waiting tasks and two hundred downloads at a time, for minutes, with the memory of every process watched: it must
 * stay flat. Run: `node bench/steady-load.ts [minutes] [waiting tasks] [downloads]`
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../src/db/sql.ts';
import { type Cluster, fileForm, type Member, randomText, until, useCluster } from '../test/failure/cluster.ts';
import { commandLine, processTree } from '../test/support/processes.ts';

const minutes = Number(process.argv[2] ?? 10);
const waiting = Number(process.argv[3] ?? 1000);
const downloads = Number(process.argv[4] ?? 200);
/** Caches and heaps fill at the beginning; growth is judged from here on. */
const warmUp = 0.4;
/** Growth in MiB of one process between the middle and the end that counts as flat. */
const allowance = 16;

const c = await useCluster({ 'worker-ttl': 30, 'api-app-ttl': 30, 'content-app-ttl': 30 }, { ownPostgres: true });

interface File {
  readonly path: string;
  readonly sha256: string;
}

/** Files of several sizes in one distribution. */
async function publish(api: Member): Promise<File[]> {
  const { body } = await api.call('POST', 'repositories/file/file/', { name: 'load', autopublish: true });
  const sizes = [1 << 12, 1 << 16, 1 << 20, 1 << 23, 1 << 24];
  const files: File[] = [];
  for (const [at, size] of sizes.entries()) {
    const text = randomText(size);
    const form = fileForm(text, { relative_path: `${at}.bin`, repository: body.pulp_href });
    assert.equal((await api.done('POST', 'content/file/files/', form)).state, 'completed');
    files.push({ path: `/pulp/content/load/${at}.bin`, sha256: createHash('sha256').update(text).digest('hex') });
  }
  const distribution = { name: 'load', base_path: 'load', repository: body.pulp_href };
  assert.equal((await api.done('POST', 'distributions/file/file/', distribution)).state, 'completed');
  return files;
}

/** Reads with pauses, as clients over slow lines do, so that there are always as many under way. */
function download(url: string, file: File, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url + file.path, { agent }, (response) => {
      const hash = createHash('sha256');
      let bytes = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
        response.pause();
        setTimeout(() => response.resume(), 20);
      });
      response.on('end', () => {
        if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
        if (hash.digest('hex') !== file.sha256) return reject(new Error(`${file.path} has wrong bytes`));
        resolve(bytes);
      });
    });
    request.on('error', reject);
  });
}

/** Keeps as many tasks waiting as asked for, while workers take one after the other; answers how many were added. */
async function keepWaiting(cluster: Cluster, on: () => boolean): Promise<number> {
  let added = 0;
  while (on()) {
    const { count } = (await cluster.db.row<{ count: number }>(
      sql`select count(*)::int as count from task where state = 'waiting'`,
    ))!;
    for (let missing = waiting - count; missing > 0 && on(); missing -= 20) {
      const names = Array.from({ length: Math.min(20, missing) }, (_, n) => `lock ${(added + n) % 37}`);
      await Promise.all(names.map((name) => cluster.dispatch('sleep', { interval: 0.05 }, [name])));
      added += names.length;
    }
    await sleep(100);
  }
  return added;
}

/** Memory of a process in MiB: what it shares with others counts for each of them in part. */
function memoryOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

interface Sample {
  /** Share of the whole time. */
  readonly at: number;
  readonly used: Readonly<Record<string, number>>;
}

function sample(at: number, members: Readonly<Record<string, Member>>): Sample {
  const used: Record<string, number> = {};
  for (const [name, member] of Object.entries(members)) {
    for (const pid of processTree(member.process.pid!)) {
      const kind = pid === member.process.pid ? name : `${name}: ${/task-child/.test(commandLine(pid)) ? 'task' : 'x'}`;
      used[kind] = (used[kind] ?? 0) + memoryOf(pid);
    }
  }
  return { at, used };
}

function mean(samples: readonly Sample[], name: string): number {
  const values = samples.map(({ used }) => used[name] ?? 0);
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}

test(`${waiting} waiting tasks and ${downloads} downloads for ${minutes} minutes`, { timeout: 7_200_000 }, async () => {
  const workers = { 'worker 1': await c.start('worker'), 'worker 2': await c.start('worker') };
  const members = { api: await c.start('api'), content: await c.start('content'), ...workers };
  const files = await publish(members.api);
  const total = minutes * 60_000;
  const started = performance.now();
  const share = () => (performance.now() - started) / total;
  const on = () => share() < 1;
  const [problems, samples] = [[] as string[], [] as Sample[]];
  const done = { downloads: 0, bytes: 0, lists: 0 };
  const agent = new Agent({ keepAlive: true, maxSockets: downloads });
  const clients = Array.from({ length: downloads }, async (_, n) => {
    for (let turn = n; on(); turn++) {
      try {
        done.bytes += await download(members.content.url, files[turn % files.length]!, agent);
        done.downloads++;
      } catch (error) {
        problems.push(String(error));
      }
    }
  });
  const reader = (async () => {
    for (; on(); await sleep(500)) {
      const { status } = await members.api.get('tasks/?state=waiting&limit=100');
      if (status !== 200) problems.push(`list of tasks: ${status}`);
      done.lists++;
    }
  })();
  const added = keepWaiting(c, on);
  for (; on(); await sleep(5000)) {
    samples.push(sample(share(), members));
    const { used } = samples.at(-1)!;
    process.stdout.write(
      `${(share() * minutes).toFixed(1)} min ${JSON.stringify(used, (_, v) => (typeof v === 'number' ? Math.round(v) : v))}\n`,
    );
  }
  await Promise.all([...clients, reader]);
  agent.destroy();
  process.stdout.write(`${JSON.stringify({ ...done, tasks: await added })}\n`);
  assert.deepEqual(problems.slice(0, 5), []);
  const middle = samples.filter(({ at }) => at >= warmUp && at < warmUp + 0.2);
  const end = samples.filter(({ at }) => at >= 0.8);
  for (const name of Object.keys(samples.at(-1)!.used)) {
    const [before, after] = [mean(middle, name), mean(end, name)];
    process.stdout.write(`${name}: ${before.toFixed(0)} MiB in the middle, ${after.toFixed(0)} MiB at the end\n`);
    assert.ok(after - before < allowance, `${name} grows`);
  }
  await until(
    'the queue runs empty',
    async () => !(await c.db.row(sql`select from task where state = 'waiting' limit 1`)),
    300,
  );
});
