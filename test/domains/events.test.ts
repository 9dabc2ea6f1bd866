/** Tests that streams of events and webhooks keep to their domain and to what their user may see. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { until } from '../failure/cluster.ts';
import { startDomains } from './domain-server.ts';

const server = await startDomains();
const password = 'correct horse battery';
for (const name of ['one', 'two']) await server.makeDomain(name);

interface Received {
  readonly type: string;
  readonly domain: string | null;
  readonly name: string | undefined;
}

/** Reads a domain's stream from its beginning until an event is there that ends it, or for some time. */
async function readEvents(
  domain: string,
  as: string,
  last: (event: Received) => boolean,
  seconds = 20,
): Promise<Received[]> {
  const received: Received[] = [];
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), seconds * 1000);
  const read = async () => {
    const response = await fetch(`${server.url}/pulp/${domain}/api/v3/events/?after=0`, {
      signal: stop.signal,
      headers: { authorization: `Basic ${Buffer.from(as).toString('base64')}` },
    });
    assert.equal(response.status, 200);
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (data === undefined) continue;
        const { type, domain: of, data: more } = JSON.parse(data);
        received.push({ type: type ?? /^event: (.*)$/m.exec(part)![1], domain: of ?? null, name: more?.name });
        if (last(received.at(-1)!)) return;
      }
    }
  };
  await read().catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
  clearTimeout(timer);
  stop.abort();
  return received;
}

async function newRepository(domain: string, name: string): Promise<string> {
  const { status, body } = await server.call(domain, 'POST', 'repositories/file/file/', { name });
  assert.equal(status, 201, JSON.stringify(body));
  return body.pulp_href;
}

const names = (events: readonly Received[]) =>
  events.filter((event) => event.type === 'repository.created').map((event) => event.name);

test('a stream has what happens in its domain, as far as its user may see it', async () => {
  assert.equal((await server.call('default', 'POST', 'users/', { username: 'alice', password })).status, 201);
  const [first] = [await newRepository('one', 'first of one'), await newRepository('two', 'first of two')];
  await newRepository('one', 'second of one');
  await newRepository('two', 'second of two');
  const role = { users: ['alice'], role: 'file.filerepository_viewer' };
  assert.equal((await server.call('', 'POST', `${first}add_role/`, role)).status, 201);

  const admin = `admin:${server.adminPassword}`;
  const seen = await readEvents('one', admin, (event) => event.name === 'second of one');
  assert.deepEqual(names(seen), ['first of one', 'second of one']);
  assert.ok(
    seen.every((event) => event.domain === 'one' || event.domain === null),
    JSON.stringify(seen),
  );
  const other = await readEvents('two', admin, (event) => event.name === 'second of two');
  assert.deepEqual(names(other), ['first of two', 'second of two']);

  const hers = await readEvents('one', `alice:${password}`, () => false, 3);
  assert.deepEqual(names(hers), ['first of one']);
  assert.ok(
    hers.every((event) => event.type.startsWith('repository')),
    JSON.stringify(hers),
  );
  assert.deepEqual(await readEvents('two', `alice:${password}`, () => false, 3), []);
});

test('a webhook of a domain is told of nothing else', async () => {
  const told: Received[] = [];
  const receiver = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    for (const event of JSON.parse(text).events)
      told.push({ type: event.type, domain: event.domain, name: event.data?.name });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  after(() => void receiver.close());
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const domain = (await server.call('default', 'GET', 'domains/?name=one')).body.results[0].pulp_href;
  const made = await server.call('default', 'POST', 'webhooks/', { name: 'of one', url, secret: 'k', domain });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await newRepository('two', 'not told');
  await newRepository('one', 'told');
  await newRepository('two', 'not told either');
  await newRepository('one', 'told too');
  await until('both are told', () => names(told).length === 2);
  assert.deepEqual(names(told), ['told', 'told too']);
  assert.deepEqual([...new Set(told.map((event) => event.domain))], ['one']);
});
