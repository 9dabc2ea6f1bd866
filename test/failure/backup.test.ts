/** Backups of separate processes under every kind of load, killed at random moments, restored elsewhere where clients go on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { useUpstream } from '../content/upstream.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { makeDataDirectory } from '../support/server.ts';
import { Cluster, fileForm, type Member, randomText, until, useCluster } from './cluster.ts';

const c = await useCluster({ 'orphan-protection-time': 0 });
const upstream = await useUpstream();
afterEach(() => c.killAll());
/** No programs of PostgreSQL, nor any others, can be found. */
const env = { DECKLE_DATABASE_URL: c.databaseUrl, PATH: '' };

class Load {
  /** Texts by path that were served when the backup began. */
  readonly kept = new Map<string, string>();
  readonly problems: string[] = [];
  readonly counts: Record<string, number> = {};
  #on = true;
  readonly #clients: Promise<void>[];
  readonly #api: Member;
  readonly #repository: string;

  constructor(api: Member, repository: string, remote: string) {
    this.#api = api;
    this.#repository = repository;
    const again = async (what: string, work: () => Promise<unknown>) => {
      while (this.#on) {
        await work().catch((error: unknown) => this.problems.push(`${what}: ${error}`));
        this.counts[what] = (this.counts[what] ?? 0) + 1;
        await sleep(20);
      }
    };
    this.#clients = [
      again('upload', () => this.#upload()),
      again('pieces', () => this.#inPieces()),
      again('sync and delete', () => this.#syncAndDelete(remote)),
      again('clean up', () => api.done('POST', 'orphans/cleanup/', { orphan_protection_time: 0 })),
    ];
  }

  async stop(): Promise<void> {
    this.#on = false;
    await Promise.all(this.#clients);
  }

  async #upload(): Promise<void> {
    const [path, text] = [`${c.name('f')}.bin`, randomText(20_000)];
    const form = fileForm(text, { relative_path: path, repository: this.#repository });
    assert.equal((await this.#api.done('POST', 'content/file/files/', form)).state, 'completed');
    this.kept.set(path, text);
  }

  async #inPieces(): Promise<void> {
    const text = randomText(20_000);
    const { body } = await this.#api.call('POST', 'uploads/', { size: text.length });
    const range = { headers: { 'content-range': `bytes 0-${text.length - 1}/*` } };
    assert.equal((await this.#api.call('PUT', body.pulp_href, fileForm(text), range)).status, 200);
    const commit = await this.#api.done('POST', `${body.pulp_href}commit/`, { sha256: sha256Of(text) });
    assert.equal(commit.state, 'completed', JSON.stringify(commit.error));
  }

  async #syncAndDelete(remote: string): Promise<void> {
    const { body } = await this.#api.call('POST', 'repositories/file/file/', { name: c.name('passing') });
    const sync = await this.#api.done('POST', `${body.pulp_href}sync/`, { remote });
    assert.equal(sync.state, 'completed', JSON.stringify(sync.error));
    assert.equal((await this.#api.done('DELETE', body.pulp_href)).state, 'completed');
  }
}

const finished = (directory: string) => readdirSync(directory).filter((name) => name.endsWith('Z'));

test('killed at random moments, then made whole, verified, restored; clients go on where the backup stood', async () => {
  const [api, content] = [
    await c.start('api'),
    await c.start('content'),
    await c.start('worker'),
    await c.start('worker'),
  ];
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${n}.txt`, randomText(4000)]));
  const url = upstream.publish('load', files);
  const remote = await api.call('POST', 'remotes/file/file/', {
    name: 'load',
    url,
    username: 'u',
    password: 'hush-hush',
  });
  const { body } = await api.call('POST', 'repositories/file/file/', { name: 'kept', autopublish: true });
  const repository = body.pulp_href;
  const distribution = { name: 'kept', base_path: 'kept', repository };
  assert.equal((await api.done('POST', 'distributions/file/file/', distribution)).state, 'completed');
  const long = await c.dispatch('sleep', { interval: 600 }, ['long']);
  const waiting = await c.dispatch('dummy_task', {}, ['long']);
  await c.running(long);
  const load = new Load(api, repository, remote.body.pulp_href);
  await until('there is load', () => load.kept.size > 5);

  const to = makeDataDirectory();
  for (let n = 0; n < 6; n++) {
    const backup = startCommand(['backup', '--data', c.data, '--to', to], { env });
    await Promise.race([sleep(200 + Math.random() * 2500), once(backup, 'exit')]);
    backup.kill('SIGKILL');
    if (backup.exitCode === null && backup.signalCode === null) await once(backup, 'exit');
    for (const name of finished(to)) {
      const verified = await runCommand(['backup', 'verify', join(to, name)], { env: { PATH: '' } });
      assert.equal(verified.code, 0, `what looks finished is not whole: ${verified.stdout}${verified.stderr}`);
    }
  }
  const known = new Map(load.kept);
  const made = await runCommand(['backup', '--data', c.data, '--to', to], { env });
  assert.equal(made.code, 0, made.stdout + made.stderr);
  assert.doesNotMatch(made.stdout + made.stderr, /WARNING/);
  await sleep(500);
  const second = await runCommand(['backup', '--data', c.data, '--to', to], { env });
  assert.equal(second.code, 0, second.stdout + second.stderr);
  await load.stop();
  assert.deepEqual(load.problems, []);
  for (const [what, n] of Object.entries(load.counts)) assert.ok(n > 2, `${what}: only ${n}`);
  assert.equal(
    readdirSync(to).some((name) => name.endsWith('.unfinished')),
    false,
  );
  const first = finished(to).sort().at(-2)!;
  const verified = await runCommand(['backup', 'verify', join(to, first)], { env: { PATH: '' } });
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.equal(content.ended, false);
  c.killAll();

  const empty = await useDatabase({ empty: true });
  const data = makeDataDirectory();
  const restored = await runCommand(['restore', '--data', data, '--from', join(to, first)], {
    env: { DECKLE_DATABASE_URL: empty.url, PATH: '' },
  });
  assert.equal(restored.code, 0, restored.stdout + restored.stderr);
  assert.match(restored.stdout, /Database and files match\./);
  const there = new Cluster(data, empty.url, openDatabase({ url: empty.url }), {});
  try {
    await goesOn(there, known, { repository, long, waiting });
  } finally {
    there.killAll();
    await there.db.close();
  }
});

interface Known {
  readonly repository: string;
  readonly long: number;
  readonly waiting: number;
}

async function goesOn(
  there: Cluster,
  known: ReadonlyMap<string, string>,
  { repository, long, waiting }: Known,
): Promise<void> {
  assert.deepEqual(await there.db.rows(sql`select * from app_status`), []);
  assert.deepEqual(await there.db.rows(sql`select * from task_resource`), []);
  assert.deepEqual(await there.db.rows(sql`select number from repository_version where not complete`), []);
  assert.deepEqual(await there.db.rows(sql`select pulp_id from publication where not complete`), []);
  assert.deepEqual(await there.damagedArtifacts(), []);
  for (const id of [long, waiting]) {
    const row = await there.taskRow(id);
    assert.deepEqual([row.state, row.error], ['canceled', { reason: 'Canceled after restore.' }]);
  }
  const [api, content] = [await there.start('api'), await there.start('content'), await there.start('worker')];
  for (const [path, text] of known) {
    const response = await fetch(`${content.url}/pulp/content/kept/${path}`);
    assert.equal(response.status, 200, path);
    assert.ok((await response.text()) === text, path);
  }
  // The hrefs that clients know are those of before, secrets can be read, and tasks run.
  const form = fileForm('after', { relative_path: 'after.txt', repository });
  assert.equal((await api.done('POST', 'content/file/files/', form)).state, 'completed');
  await until('it is served', async () => (await fetch(`${content.url}/pulp/content/kept/after.txt`)).status === 200);
  const remote = (await api.get('remotes/file/file/?name=load')).body.results[0];
  const sync = await api.done('POST', `${repository}sync/`, { remote: remote.pulp_href });
  assert.equal(sync.state, 'completed', JSON.stringify(sync.error));
  assert.equal((await there.ended(await there.dispatch('dummy_task', {}, ['long']))).state, 'completed');
}
