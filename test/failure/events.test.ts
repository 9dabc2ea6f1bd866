/** Events while connections are cut and servers are killed: none lost, doubled or out of order. `CUTS=100 node --test …` for many. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../src/db/sql.ts';
import { apiRoot, freePort, type Member, until, useCluster } from './cluster.ts';

const cuts = Number(process.env.CUTS ?? 24);
const c = await useCluster();
const slots: { port: number; member: Member }[] = [];
const any = () => slots[Math.floor(Math.random() * slots.length)]!;

interface Seen {
  readonly id: number;
  readonly type: string;
  readonly name: string;
}

/** Follows the stream as clients do: after each cut it goes on behind the last event it has seen, at any of the servers. */
class Follower {
  readonly seen: Seen[] = [];
  connections = 0;
  #last: string | undefined;
  #stop = false;
  #cut = new AbortController();
  readonly #running = this.#follow();

  cut(): void {
    this.#cut.abort();
  }

  async stop(): Promise<void> {
    this.#stop = true;
    this.cut();
    await this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#stop) {
      this.#cut = new AbortController();
      await this.#connect(this.#cut.signal).catch(() => {});
      await sleep(20);
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const authorization = `Basic ${Buffer.from('admin:password').toString('base64')}`;
    const response = await fetch(`${any().member.url}${apiRoot}events/?types=repository.*`, {
      signal,
      headers: { authorization, ...(this.#last !== undefined && { 'last-event-id': this.#last }) },
    });
    if (response.status !== 200) return;
    this.connections++;
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split('\n\n');
      text = parts.pop()!;
      for (const part of parts) this.#take(part);
    }
  }

  #take(part: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
    const [id, data] = [field('id'), field('data')];
    if (id !== undefined) this.#last = id;
    if (data === undefined) return;
    this.seen.push({ id: Number(id), type: field('event')!, name: JSON.parse(data).data?.name });
  }
}

/** Answers some deliveries with an error, and cuts others after it has taken them. */
async function useReceiver() {
  const deliveries: { signature: string; text: string; taken: boolean }[] = [];
  let faulty = true;
  let number = 0;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const turn = faulty ? number++ % 4 : 1;
    deliveries.push({ signature: String(request.headers['x-deckle-signature']), text, taken: turn !== 0 });
    if (turn === 0) response.writeHead(500).end();
    else if (turn === 3) response.destroy();
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { deliveries, url, recover: () => (faulty = false) };
}

interface Logged {
  readonly id: number;
  readonly type: string;
}

/** What the log has of repositories, in its order. */
async function logged(): Promise<Logged[]> {
  return await c.db.rows<Logged>(sql`
    select position as id, kind as type from event where kind like 'repository.%' and position is not null order by position`);
}

test(`${cuts} cuts of connections and servers: the stream and the webhooks tell of everything, once and in order`, async () => {
  for (let n = 0; n < 2; n++) {
    const port = await freePort();
    slots.push({ port, member: await c.start('api', { port }) });
  }
  const receiver = await useReceiver();
  const hook = { name: 'w', url: receiver.url, secret: 'key', events: ['repository.*'] };
  assert.equal((await any().member.call('POST', 'webhooks/', hook)).status, 201);
  const follower = new Follower();
  await until('it follows', () => follower.connections > 0);
  let writing = true;
  let written = 0;
  const writer = (async () => {
    for (; writing; await sleep(10)) {
      const name = c.name('event');
      const answer = await any()
        .member.call('POST', 'repositories/file/file/', { name })
        .catch(() => undefined);
      if (answer?.status === 201) written++;
    }
  })();
  for (let n = 0; n < cuts; n++) {
    const before = written;
    await until('something is written', () => written > before + 2);
    if (n % 4 !== 3) follower.cut();
    else {
      const slot = any();
      slot.member.kill();
      slot.member = await c.start('api', { port: slot.port });
    }
    await sleep(Math.random() * 200);
  }
  writing = false;
  await writer;
  receiver.recover();
  await until('all are numbered', async () => !(await c.db.row(sql`select from event where position is null`)));
  const all = await logged();
  assert.ok(all.filter(({ type }) => type === 'repository.created').length >= written);
  await until('the follower has seen the last', () => follower.seen.at(-1)?.id === all.at(-1)!.id);
  const first = all.findIndex(({ id }) => id === follower.seen[0]!.id);
  assert.equal(first, 0, 'it has missed the beginning');
  assert.deepEqual(
    follower.seen.map(({ id, type }) => ({ id, type })),
    all,
  );
  await follower.stop();

  const delivered = () =>
    receiver.deliveries.flatMap(({ text }) => JSON.parse(text).events as { id: number | string }[]);
  await until('the last was delivered', () => delivered().some((one) => Number(one.id) === all.at(-1)!.id));
  for (const { signature, text } of receiver.deliveries) {
    const [, stamp, code] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature)!;
    assert.equal(createHmac('sha256', 'key').update(`${stamp}.${text}`).digest('hex'), code);
  }
  // Each delivery goes on behind the last one that was answered, or repeats one that was not.
  const ids = delivered().map((one) => Number(one.id));
  const fresh = ids.filter((id, at) => ids.indexOf(id) === at);
  assert.deepEqual(
    fresh,
    all.map(({ id }) => id),
  );
  c.killAll();
});
