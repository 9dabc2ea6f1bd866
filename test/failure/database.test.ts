/** Tests of a database that is stopped, frozen and killed below running processes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { type Answer, apiRoot, fileForm, type Member, until, useCluster } from './cluster.ts';

const c = await useCluster({}, { ownPostgres: true });
const postgres = c.postgres!;
/** Seconds for which the database is away: `OUTAGE=60 node --test …` for the whole time of the promise. */
const outage = Number(process.env.OUTAGE ?? 6);
const [api, content, worker] = [await c.start('api'), await c.start('content'), await c.start('worker')];

/** The status without login, and that it comes in time. */
async function status(member: Member): Promise<Answer['body']> {
  const started = performance.now();
  const response = await fetch(`${member.url}${apiRoot}status/`);
  const body = await response.json();
  const took = performance.now() - started;
  assert.equal(response.status, 200);
  assert.ok(took < 2000, `the status took ${took} ms`);
  return body;
}

async function published(text: string): Promise<string> {
  const repository = (await api.call('POST', 'repositories/file/file/', { name: c.name('repository') })).body.pulp_href;
  const form = fileForm(text, { relative_path: 'some/file.txt', repository });
  const unit = await api.done('POST', 'content/file/files/', form);
  assert.equal(unit.state, 'completed', JSON.stringify(unit.error));
  const base = c.name('base');
  const publication = await api.done('POST', 'publications/file/file/', { repository });
  assert.equal(publication.state, 'completed');
  const distribution = { name: base, base_path: base, repository };
  assert.equal((await api.done('POST', 'distributions/file/file/', distribution)).state, 'completed');
  return `/pulp/content/${base}/some/file.txt`;
}

async function served(path: string, text: string): Promise<boolean> {
  const response = await fetch(content.url + path);
  return response.status === 200 && (await response.text()) === text;
}

async function disconnected(): Promise<void> {
  const body = await status(api);
  assert.deepEqual(body.database_connection, { connected: false });
  assert.deepEqual([body.online_workers, body.online_api_apps, body.online_content_apps], [[], [], []]);
  assert.equal((await api.get('livez/')).status, 200);
}

test('the database is stopped for a while: honest answers, nothing stuck, everybody comes back', async () => {
  const path = await published('before the stop');
  assert.ok(await served(path, 'before the stop'));
  const short = await c.dispatch('sleep', { interval: 1 }, ['short']);
  const long = await c.dispatch('sleep', { interval: 600 }, ['long']);
  await c.running(short);
  await postgres.stop();
  for (const end = performance.now() + outage * 1000; performance.now() < end; await sleep(1500)) {
    await disconnected();
    const began = performance.now();
    const refused = [
      await api.get('repositories/file/file/'),
      await api.call('POST', 'repositories/file/file/', { name: 'never' }),
      await api.call('POST', 'artifacts/', fileForm('never')),
      await content.get(`/pulp/content/not-asked-before-${c.name('n')}/`),
    ];
    for (const { status: code, headers, body } of refused) {
      assert.equal(code, 503, JSON.stringify(body));
      assert.ok(Number(headers.get('retry-after')) > 0);
    }
    assert.ok(performance.now() - began < 20_000, 'the refusals took too long');
    assert.equal((await fetch(`${api.url}/readyz/`)).status, 503);
  }
  await postgres.start();
  await until('the status is fine', async () => (await status(api)).online_workers.length === 1, 30);
  await until('the API answers', async () => (await api.get('repositories/file/file/')).status === 200);
  await until('content is served', () => served(path, 'before the stop'));
  // The task that ran goes on or ends with the reason; the one behind it starts.
  const row = await c.ended(short, 20);
  assert.ok(row.state === 'completed' || (row.error as { reason?: string } | null)?.reason, JSON.stringify(row));
  await c.running(long);
  const href = `${apiRoot}tasks/${(await c.taskRow(long)).pulp_id}/`;
  assert.equal((await api.call('PATCH', href, { state: 'canceled' })).status, 200);
  assert.equal((await c.ended(long)).state, 'canceled');
  assert.ok(await served(await published('after the stop'), 'after the stop'));
  for (const member of [api, content, worker]) assert.equal(member.ended, false);
});

test('PostgreSQL is killed: it starts again and nothing acknowledged is lost', async () => {
  const made: string[] = [];
  const stop = performance.now() + 3000;
  const writer = (async () => {
    while (performance.now() < stop) {
      const answer = await api.call('POST', 'repositories/file/file/', { name: c.name('kept') });
      if (answer.status === 201) made.push(answer.body.pulp_href);
      else assert.equal(answer.status, 503, JSON.stringify(answer.body));
    }
  })();
  await sleep(700);
  await postgres.signal('SIGKILL');
  await writer;
  await until('the API answers', async () => (await api.get('status/')).body.database_connection.connected);
  for (const href of made) assert.equal((await api.get(href)).status, 200);
  const id = await until('a task is taken', () => c.dispatch('dummy_task'));
  assert.equal((await c.ended(id)).state, 'completed');
});

test('the database is frozen: the status still answers in time, and so does everything afterwards', async () => {
  await c.db.run(sql`select 1`);
  await postgres.signal('SIGSTOP');
  try {
    await disconnected();
    await disconnected();
  } finally {
    await postgres.signal('SIGCONT');
  }
  await until('the status is fine', async () => (await status(api)).online_workers.length === 1, 20);
  const id = await c.dispatch('dummy_task');
  assert.equal((await c.ended(id)).state, 'completed');
});

test('a server started while the database is down says so and ends', async () => {
  await postgres.stop();
  await disconnected();
  const late = await c.spawn('worker');
  await until('it ends', () => late.ended, 45);
  assert.notEqual(late.process.exitCode, 0);
  assert.match(late.output, /The database is not available/);
  await postgres.start();
  await Promise.all([api, content, worker].map((member) => member.stop()));
});
