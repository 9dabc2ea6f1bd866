/**
 * Many kinds of clients work with separate processes of a server while these are killed, frozen and replaced at random moments.
 * Each client remembers what was acknowledged; all of it must be served, byte for byte, at any time whatever happens, and nothing
 * half made may be left. Run: `node bench/ordeal.ts [kills] [seed]`
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../src/db/sql.ts';
import { useUpstream } from '../test/content/upstream.ts';
import {
  fileForm,
  freePort,
  leftovers,
  type Member,
  type Role,
  randomText,
  until,
  useCluster,
} from '../test/failure/cluster.ts';
import { runCommand } from '../test/support/command.ts';

const kills = Number(process.argv[2] ?? 50);
const seed = Number(process.argv[3] ?? Date.now() % 100_000);
const ttl = 3;
const allowance = 60;

let state = seed >>> 0;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];

/** A repository with a distribution, and what must be served from it. */
interface Box {
  readonly repository: string;
  readonly base: string;
  distribution: string;
  /** Text of each path, as acknowledged. */
  readonly files: Map<string, string>;
  /** Paths that were asked for and not acknowledged: there or not, but never with other bytes. */
  readonly doubtful: Map<string, string>;
  fate: 'kept' | 'going' | 'gone';
}

interface Slot {
  readonly role: Role;
  readonly port: number;
  readonly name: string;
  member: Member;
}

const cluster = await useCluster({ 'orphan-protection-time': 0 }, { ownPostgres: true });
const upstream = await useUpstream();
const slots: Slot[] = [];
const boxes: Box[] = [];
const tasks: string[] = [];
const wrong: string[] = [];
const counts: Record<string, number> = {};

const deaths = new Map<string, number>();
let running = true;
let longest = 0;

const count = (what: string) => {
  counts[what] = (counts[what] ?? 0) + 1;
};
const any = (role: Role) => pick(slots.filter((slot) => slot.role === role))!.member;
const alive = () => boxes.filter(({ fate }) => fate === 'kept');
/** A few texts come again and again, so that bytes are shared, orphaned and stored anew. */
const common = Array.from({ length: 12 }, () => randomText(20_000));
const someText = () => (random() < 0.3 ? pick(common)! : randomText(2 * Math.ceil(1000 + random() * 60_000)));

/** Any answer but the one that was asked for is bad luck while things are being killed. */
async function ask(method: string, path: string, body: unknown, wanted: number) {
  const answer = await any('api').call(method, path, body);
  if (answer.status >= 500 && ![503, 507].includes(answer.status))
    wrong.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  if (answer.status !== wanted) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.body;
}

/** Whether the task has completed; whoever started it waits, whatever dies meanwhile. */
async function completed(href: string): Promise<boolean> {
  tasks.push(href);
  for (;;) {
    const { status, body } = await any('api')
      .get(href)
      .catch(() => ({ status: 0, body: undefined }));
    if (status === 404) {
      wrong.push(`${href} was answered and is not there`);
      return false;
    }
    if (status === 200 && !['waiting', 'running', 'canceling'].includes(body.state)) {
      count(`task ${body.state}`);
      return body.state === 'completed';
    }
    if (!running && status !== 200) return false;
    await sleep(60);
  }
}

async function openBox(more: object = {}): Promise<Box> {
  const base = cluster.name(`box${seed}`);
  const { pulp_href: repository } = await ask(
    'POST',
    'repositories/file/file/',
    { name: base, autopublish: true, ...more },
    201,
  );
  const box: Box = { repository, base, distribution: '', files: new Map(), doubtful: new Map(), fate: 'kept' };
  const { task } = await ask('POST', 'distributions/file/file/', { name: base, base_path: base, repository }, 202);
  if (!(await completed(task))) throw new Error('no distribution');
  box.distribution = (await ask('GET', `distributions/file/file/?name=${base}`, undefined, 200)).results[0].pulp_href;
  boxes.push(box);
  return box;
}

async function acknowledge(box: Box, texts: Readonly<Record<string, string>>, task: string): Promise<void> {
  for (const [path, text] of Object.entries(texts)) box.doubtful.set(path, text);
  if (!(await completed(task))) return;
  for (const [path, text] of Object.entries(texts)) {
    box.files.set(path, text);
    box.doubtful.delete(path);
  }
}

async function upload(): Promise<void> {
  const box = alive().length < 4 ? await openBox() : pick(alive())!;
  const [path, text] = [`${cluster.name('up')}.bin`, someText()];
  box.doubtful.set(path, text);
  const form = fileForm(text, { relative_path: path, repository: box.repository });
  const { task } = await ask('POST', 'content/file/files/', form, 202);
  await acknowledge(box, { [path]: text }, task);
}

async function uploadInPieces(): Promise<void> {
  const box = pick(alive());
  if (!box) return;
  const [path, text] = [`${cluster.name('pieces')}.bin`, someText()];
  const half = text.length >> 1;
  const { pulp_href: href } = await ask('POST', 'uploads/', { size: text.length }, 201);
  for (const [from, to] of [
    [0, half],
    [half, text.length],
  ] as const) {
    const init = { headers: { 'content-range': `bytes ${from}-${to - 1}/*` } };
    const answer = await any('api').call('PUT', href, fileForm(text.slice(from, to)), init);
    if (answer.status !== 200) throw new Error(`chunk: ${answer.status}`);
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  const { task } = await ask('POST', `${href}commit/`, { sha256 }, 202);
  if (!(await completed(task))) return;
  const artifact = (await ask('GET', `artifacts/?sha256=${sha256}`, undefined, 200)).results[0]?.pulp_href;
  if (!artifact) return count('artifact went as an orphan');
  box.doubtful.set(path, text);
  const body = { artifact, relative_path: path, repository: box.repository };
  await acknowledge(box, { [path]: text }, (await ask('POST', 'content/file/files/', body, 202)).task);
}

async function sync(policy: 'immediate' | 'on_demand'): Promise<void> {
  const [name, size] = [cluster.name('upstream'), 20 + Math.floor(random() * 60)];
  const texts = Object.fromEntries(
    Array.from({ length: size }, (_, n) => [`d/${n}.txt`, `${name} ${n} ${randomText(2000)}`]),
  );
  const url = upstream.publish(name, texts);
  const { pulp_href: remote } = await ask('POST', 'remotes/file/file/', { name: cluster.name('r'), url, policy }, 201);
  const box = await openBox();
  const { task } = await ask('POST', `${box.repository}sync/`, { remote }, 202);
  await acknowledge(box, texts, task);
}

async function publish(): Promise<void> {
  const box = pick(alive());
  if (box) await completed((await ask('POST', 'publications/file/file/', { repository: box.repository }, 202)).task);
}

/** Removes a distribution and its repository; what was acknowledged as removed is not served any more. */
async function remove(): Promise<void> {
  const box = alive().length > 12 ? pick(alive()) : undefined;
  if (!box) return;
  box.fate = 'going';
  const first = await completed((await ask('DELETE', box.distribution, undefined, 202)).task);
  const second = await completed((await ask('DELETE', box.repository, undefined, 202)).task);
  if (first && second) box.fate = 'gone';
}

/** Old versions go, their contents are in later ones. */
async function removeVersion(): Promise<void> {
  const box = pick(alive());
  if (!box) return;
  const { results } = await ask('GET', `${box.repository}versions/?limit=5&offset=1`, undefined, 200);
  const version = pick(results as { pulp_href: string; number: number }[]);
  if (version && version.number > 0) await completed((await ask('DELETE', version.pulp_href, undefined, 202)).task);
}

async function cleanUp(): Promise<void> {
  await completed((await ask('POST', 'orphans/cleanup/', { orphan_protection_time: 0 }, 202)).task);
  await sleep(1500);
}

async function reclaim(): Promise<void> {
  const box = pick(alive());
  if (!box) return;
  await completed((await ask('POST', 'repositories/reclaim_space/', { repo_hrefs: [box.repository] }, 202)).task);
  await sleep(1000);
}

async function look(box: Box, path: string, content: Member): Promise<number> {
  const known = box.files.get(path);
  const text = known ?? box.doubtful.get(path);
  const response = await fetch(`${content.url}/pulp/content/${box.base}/${path}`);
  const body = await response.text();
  if (response.status === 200 && body !== text) wrong.push(`${box.base}/${path} has other bytes`);
  if (response.status === 404 && known !== undefined && box.fate === 'kept')
    wrong.push(`${box.base}/${path} was acknowledged and is not served by ${content.url}`);
  return response.status;
}

async function download(): Promise<void> {
  const box = pick(alive());
  const path = box && pick([...box.files.keys(), ...box.doubtful.keys()]);
  if (!box || !path) return;
  const status = await look(box, path, any('content'));
  if (status !== 200 && status !== 404) throw new Error(`status ${status}`);
}

async function client(what: string, work: () => Promise<unknown>): Promise<void> {
  while (running) {
    try {
      await work();
      count(`${what}: done`);
    } catch {
      count(`${what}: failed`);
      await sleep(100);
    }
    await sleep(10);
  }
}

async function open(role: Role, name = ''): Promise<void> {
  const slot = { role, port: await freePort(), name };
  slots.push({ ...slot, member: await spawn(slot) });
}

function spawn({ role, port, name }: Omit<Slot, 'member'>): Promise<Member> {
  return cluster.spawn(role, { port, ...(name !== '' && { 'worker-name-template': name }) });
}

/** As an init system does: whatever has ended is started again. */
async function supervise(): Promise<void> {
  for (; running; await sleep(150)) for (const slot of slots) if (slot.member.ended) slot.member = await spawn(slot);
}

/** How long tasks of the dead stay unfinished. */
async function watchTasks(): Promise<void> {
  for (; running; await sleep(500)) {
    const rows = await cluster.db
      .rows<{ worker: string }>(sql`select distinct worker from task where state in ('running', 'canceling')`)
      .catch(() => []);
    for (const { worker } of rows) {
      const died = deaths.get(worker);
      if (died !== undefined) longest = Math.max(longest, (performance.now() - died) / 1000);
    }
  }
}

function noteDeath(slot: Slot): void {
  void cluster.db
    .rows<{ name: string }>(sql`select name from app_status where starts_with(name, ${`${slot.member.process.pid}@`})`)
    .then((rows) => rows.forEach(({ name }) => void deaths.set(name, performance.now())))
    .catch(() => {});
}

async function strike(number: number): Promise<void> {
  const postgres = cluster.postgres!;
  const chance = random();
  const slot = pick(slots.filter(({ member }) => !member.ended));
  if (number % 12 === 11) {
    await postgres.signal('SIGKILL');
    for (const each of slots) each.member.kill();
    await postgres.stop().catch(() => {});
    await postgres.start();
    return count('strike: everything at once');
  }
  if (chance < 0.1) {
    await postgres.signal('SIGKILL');
    await postgres.stop().catch(() => {});
    await sleep(random() * 4000);
    await postgres.start();
    return count('strike: database killed');
  }
  if (chance < 0.15) {
    await postgres.signal('SIGSTOP');
    await sleep(1000 + random() * 5000);
    await postgres.signal('SIGCONT');
    return count('strike: database frozen');
  }
  if (!slot) return;
  if (chance < 0.3) {
    slot.member.freeze();
    await sleep((random() < 0.5 ? 1 : ttl + 2) * 1000);
    slot.member.thaw();
    return count(`strike: ${slot.role} frozen`);
  }
  if (chance < 0.4) {
    slot.member.process.kill('SIGTERM');
    return count(`strike: ${slot.role} asked to stop`);
  }
  noteDeath(slot);
  if (chance < 0.6) slot.member.killAlone();
  else slot.member.kill();
  count(`strike: ${slot.role} killed`);
}

async function everythingServed(): Promise<void> {
  for (const box of boxes) {
    for (const slot of slots.filter(({ role }) => role === 'content')) {
      const paths = box.fate === 'kept' ? box.files.keys() : box.fate === 'gone' ? box.files.keys().take(1) : [];
      for (const path of paths) {
        const status = await look(box, path, slot.member);
        const right = box.fate === 'kept' ? status === 200 : status === 404;
        if (!right) wrong.push(`${box.base}/${path}: ${status} at the end, ${box.fate}`);
      }
    }
  }
}

async function nothingLeft(): Promise<void> {
  const { db, data } = cluster;
  assert.deepEqual(await db.rows(sql`select * from task_resource`), [], 'locks');
  assert.deepEqual(await db.rows(sql`select pulp_id from repository_version where not complete`), [], 'versions');
  assert.deepEqual(await db.rows(sql`select pulp_id from publication where not complete`), [], 'publications');
  assert.deepEqual(await cluster.damagedArtifacts(), [], 'artifacts without their bytes');
  await until(
    'no temporary file is left',
    () => leftovers(data, 'media', 'tmp', 'files').length === 0,
    ttl + allowance,
  );
  for (const name of leftovers(data, 'tmp')) assert.deepEqual(leftovers(data, 'tmp', name), [], `files of ${name}`);
  // Bytes that were stored and never recorded can be removed; nothing that is served goes with them.
  const env = { DECKLE_DATABASE_URL: cluster.databaseUrl };
  const repair = ['datarepair', 'files', '--data', data];
  process.stdout.write((await runCommand(repair, { env })).stdout);
  assert.match((await runCommand(repair, { env })).stdout, /^0 stored files/);
}

async function judge(): Promise<void> {
  for (const slot of slots) if (slot.member.ended) slot.member = await spawn(slot);
  for (const slot of slots) await cluster.ready(slot.member);
  const unfinished = () => cluster.db.rows(sql`select id, name, state, worker from task where finished_at is null`);
  const started = performance.now();
  while ((await unfinished()).length > 0 && performance.now() - started < (ttl + allowance) * 1000) await sleep(200);
  process.stdout.write(`the last task ended after ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  assert.deepEqual(await unfinished(), [], 'unfinished tasks');
  assert.ok(longest < ttl + allowance, `a task of a dead worker stayed unfinished for ${longest} s`);
  for (const href of tasks) assert.equal((await any('api').get(href)).status, 200, href);
  await nothingLeft();
  await everythingServed();
  assert.deepEqual(wrong, []);
}

test(`${kills} strikes under load, seed ${seed}`, { timeout: 3_600_000 }, async () => {
  for (const role of ['api', 'api', 'content', 'content', 'worker'] as const) await open(role);
  await open('worker', 'fixed');
  for (const slot of slots) await cluster.ready(slot.member);
  const work = Object.entries({ upload, uploadInPieces, publish, remove, removeVersion, cleanUp, reclaim, download });
  const clients = [
    supervise(),
    watchTasks(),
    ...work.map(([name, one]) => client(name, one)),
    client('upload', upload),
    client('sync', () => sync('immediate')),
    client('sync on demand', () => sync('on_demand')),
    client('download', download),
    client('download', download),
  ];
  const uploads = () => counts['upload: done'] ?? 0;
  for (let number = 0; number < kills; number++) {
    // Only what works again can be struck.
    const before = uploads();
    await until('something is done', () => uploads() > before, ttl + allowance);
    await sleep(random() * 3000);
    await strike(number);
  }
  await sleep(2000);
  running = false;
  await Promise.all(clients);
  process.stdout.write(`${JSON.stringify({ ...counts, boxes: boxes.length, longest: longest.toFixed(1) }, null, 1)}\n`);
  await judge();
});
