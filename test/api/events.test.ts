/** Tests of the log of events: its order, streams that are resumed, rights, retention, and webhooks. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { eventClock, numberEvents, readEvents, removeOldEvents } from '../../src/model/event.ts';
import { useApi } from '../support/api.ts';
import { until } from '../tasking/tasking-support.ts';

const api = await useApi();
const all = { domainId: null, serverWide: true, kinds: [] };

interface Received {
  id: number;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: looked into as it comes
  data: any;
}

/** Follows the stream; what comes is added to the list. */
function follow(query = '', options: { as?: string; lastId?: number } = {}) {
  const { as = 'admin:password', lastId } = options;
  const stop = new AbortController();
  const received: Received[] = [];
  const state = { status: 0, ids: [] as number[] };
  const ended = (async () => {
    const response = await fetch(`${api.origin}/pulp/api/v3/events/${query}`, {
      signal: stop.signal,
      headers: {
        authorization: `Basic ${Buffer.from(as).toString('base64')}`,
        ...(lastId !== undefined && { 'last-event-id': String(lastId) }),
      },
    });
    state.status = response.status;
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
        if (field('id')) state.ids.push(Number(field('id')));
        if (field('data'))
          received.push({ id: Number(field('id')), type: field('event')!, data: JSON.parse(field('data')!) });
      }
    }
  })().catch(() => {});
  after(() => stop.abort());
  return { received, state, stop: () => stop.abort(), ended };
}

/** Transactions of other databases of the same server count as well: what may be numbered is not known at once. */
async function numberAll(): Promise<number> {
  await until(async () => {
    await numberEvents(api.db);
    return !(await api.db.row(sql`select from event where position is null`));
  });
  return numberEvents(api.db);
}

const started = (stream: ReturnType<typeof follow>) => until(() => stream.state.ids.length > 0, 5);
const newRepository = async (name: string) =>
  (await api.call('POST', 'repositories/file/file/', { name })).body.pulp_href as string;

test('events get their places in the order of commits, and wait for a transaction that may still commit before them', async () => {
  await numberAll();
  const before = (await eventClock(api.db)).last;
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const insert = (subject: string) =>
    sql`insert into event (kind, master, subject) values (${`test.${subject}`}, 'x', gen_random_uuid())`;
  const slow = api.db.transaction(async (tx) => {
    await tx.run(insert('slow'));
    begun.resolve();
    await finish.promise;
  });
  await begun.promise;
  await api.db.run(insert('fast'));
  // What has committed waits for the one that may still commit before it.
  assert.equal(await numberEvents(api.db), before);
  finish.resolve();
  await slow;
  const last = await numberAll();
  const events = await readEvents(api.db, [before, last], all, 10);
  assert.deepEqual(
    events.map((event) => [event.position, event.kind]),
    [
      [before + 1, 'test.slow'],
      [before + 2, 'test.fast'],
    ],
  );
});

test('many writers and readers at once: nothing lost, doubled or out of order', async () => {
  await numberAll();
  const start = (await eventClock(api.db)).last;
  const seen: number[] = [];
  let writing = true;
  let unnumbered = true;
  const reader = (async () => {
    for (let position = start; unnumbered || position < (await eventClock(api.db)).last; ) {
      const upto = await numberEvents(api.db);
      for (const event of await readEvents(api.db, [position, upto], { ...all, kinds: ['many.*'] }, 1000))
        seen.push(Number(event.data.n));
      position = upto;
    }
  })();
  const other = (async () => {
    while (writing) await numberEvents(api.db);
  })();
  let n = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 60; i++)
        await api.db.transaction(async (tx) => {
          const own = n++;
          await tx.run(sql`insert into event (kind, master, subject, data)
            values ('many.x', 'x', gen_random_uuid(), ${sql.json({ n: own })})`);
          if (own % 5 === 0) await sleep(3);
        });
    }),
  );
  writing = false;
  await other;
  // a transaction of another test's database may keep the last ones waiting
  await numberAll();
  unnumbered = false;
  await reader;
  assert.equal(seen.length, 240);
  assert.equal(new Set(seen).size, 240);
});

test('a stream tells of repositories, tasks, versions and distributions as they change, and goes on where it was', async () => {
  const stream = follow();
  await started(stream);
  const repository = await newRepository('streamed');
  await api.call('PATCH', repository, { description: 'changed' });
  const distribution = { name: 'streamed', base_path: 'streamed', repository };
  assert.equal((await api.call('POST', 'distributions/file/file/', distribution)).status, 202);
  const types = () => stream.received.map((one) => one.type);
  await until(
    () => types().includes('distribution.created'),
    10,
    () => types().join(),
  );
  assert.ok(types().includes('repository.created') && types().includes('repository_version.created'));
  assert.ok(types().includes('task.running') && types().includes('task.completed'));
  const made = stream.received.find((one) => one.type === 'repository.created')!;
  assert.equal(made.data.pulp_href, repository);
  assert.match(made.data.prn, /^prn:file\.filerepository:/);
  assert.deepEqual([made.data.domain, made.data.data.name], ['default', 'streamed']);
  const version = stream.received.find((one) => one.type === 'repository_version.created')!;
  assert.equal(version.data.pulp_href, `${repository}versions/0/`);
  const ids = stream.received.map((one) => one.id);
  assert.deepEqual(
    ids,
    [...ids].sort((a, b) => a - b),
  );
  stream.stop();
  await stream.ended;

  await newRepository('while nobody listened');
  const again = follow('', { lastId: made.id });
  await until(() => again.received.some((one) => one.data.data?.name === 'while nobody listened'), 10);
  const resumed = again.received.map((one) => one.id);
  assert.deepEqual(resumed.slice(0, ids.length - ids.indexOf(made.id) - 1), ids.slice(ids.indexOf(made.id) + 1));
  assert.equal(new Set(resumed).size, resumed.length);
  again.stop();
});

test('types are chosen; wrong positions are refused, unknown ones told', async () => {
  const stream = follow('?types=repository.*,task.failed');
  await started(stream);
  await newRepository('chosen');
  await until(() => stream.received.length > 0);
  assert.ok(stream.received.every((one) => one.type.startsWith('repository.')));
  stream.stop();
  assert.equal((await api.call('GET', 'events/?after=x')).status, 400);
  assert.equal((await api.call('GET', 'events/', undefined, { as: null })).status, 401);
  const future = follow('', { lastId: 999_999_999 });
  await until(() => future.received.length > 0);
  assert.equal(future.received[0]!.type, 'reset');
  future.stop();
});

test('others see what they may see', async () => {
  await api.call('POST', 'users/', { username: 'alice', password: 'correct horse battery' });
  const stream = follow('', { as: 'alice:correct horse battery' });
  await started(stream);
  const hidden = await newRepository('hidden');
  const shown = await newRepository('shown');
  await api.call('POST', `${shown}add_role/`, { users: ['alice'], role: 'file.filerepository_viewer' });
  await api.call('POST', 'distributions/file/file/', { name: 'hidden', base_path: 'hidden', repository: hidden });
  const position = stream.state.ids[0]!;
  stream.stop();
  const again = follow('', { as: 'alice:correct horse battery', lastId: position });
  await until(() => again.received.length > 0);
  await sleep(500);
  assert.deepEqual(
    [...new Set(again.received.map((one) => [one.type, one.data.data.name].join()))].filter((one) =>
      one.startsWith('repository.'),
    ),
    ['repository.created,shown'],
  );
  assert.ok(
    !again.received.some((one) => /^(distribution|task|api|worker)\./.test(one.type)),
    JSON.stringify(again.received),
  );
  again.stop();
});

test('old events go; a stream that stood before them is told', async () => {
  await numberAll();
  await api.db.run(sql`update event set happened_at = now() - interval '2 days' where position <= 5`);
  await removeOldEvents(api.db, 24);
  assert.equal((await eventClock(api.db)).removed, 5);
  const stream = follow('', { lastId: 2 });
  await until(() => stream.received.length > 1);
  assert.deepEqual([stream.received[0]!.type, stream.received[0]!.id], ['reset', 5]);
  assert.equal(stream.received[1]!.id, 6);
  stream.stop();
});

test('webhooks: signed, in order, again after a failure, only what they ask for', async () => {
  const deliveries: { request: IncomingMessage; text: string }[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    deliveries.push({ request, text });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const refused = await api.call('POST', 'webhooks/', { name: 'w', url: 'ftp://x/' });
  assert.deepEqual(refused.body, { url: ['Enter a valid http or https URL.'] });
  const made = await api.call('POST', 'webhooks/', { name: 'w', url, secret: 'key', events: ['repository.created'] });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal('secret' in made.body, false);
  assert.equal((await api.call('GET', 'webhooks/', undefined, { as: 'alice:correct horse battery' })).status, 403);

  await newRepository('hooked 1');
  await until(() => deliveries.length > 0, 8);
  const { request, text } = deliveries[0]!;
  const [, stamp, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers['x-deckle-signature']))!;
  assert.equal(createHmac('sha256', 'key').update(`${stamp}.${text}`).digest('hex'), signature);
  const body = JSON.parse(text);
  assert.equal(body.webhook, 'w');
  assert.deepEqual(
    body.events.map((one: { type: string }) => one.type),
    ['repository.created'],
  );
  assert.equal(body.events[0].data.name, 'hooked 1');

  status = 500;
  const state = async () => (await api.call('GET', made.body.pulp_href)).body;
  await newRepository('hooked 2');
  await until(async () => (await state()).attempts > 0, 8);
  assert.deepEqual([(await state()).last_status, (await state()).last_error], [500, 'The receiver answered 500.']);
  status = 204;
  deliveries.length = 0;
  await newRepository('hooked 3');
  await until(async () => (await state()).delivered === 3, 12);
  const names = deliveries.flatMap((one) =>
    JSON.parse(one.text).events.map((event: { data: { name: string } }) => event.data.name),
  );
  assert.deepEqual(names.slice(-2), ['hooked 2', 'hooked 3']);
  const done = await state();
  assert.deepEqual([done.attempts, done.last_error], [0, null]);
  assert.equal((await api.call('DELETE', made.body.pulp_href)).status, 204);
});
