/** Tests that all kinds of processes can be replaced one by one while clients work, without a request or a task that fails. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBelow } from '../support/processes.ts';
import { fileForm, freePort, type Member, type Role, randomText, until, useCluster } from './cluster.ts';

/** How often each process is replaced. */
const rounds = Number(process.env.ROUNDS ?? 3);
const c = await useCluster({ 'shutdown-timeout': 60 });

class Rolling {
  readonly failures: string[] = [];
  requests = 0;
  #stopped = false;
  readonly #clients: Promise<void>[] = [];

  /** Does the same again and again; anything but true is a failure. */
  client(what: string, work: () => Promise<unknown>): void {
    const run = async () => {
      while (!this.#stopped) {
        const right = await work().catch((error: Error) => String(error.cause ?? error));
        this.requests++;
        if (right !== true) this.failures.push(`${what}: ${right}`);
        await sleep(20);
      }
    };
    this.#clients.push(run());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }
}

/** A connection of its own for the request. */
function alone(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}

/** Starts the next one beside the present one, which is then asked to end. */
async function replace(role: Role, present: Member, port: number): Promise<Member> {
  const next = await c.start(role, { port }, role === 'worker' ? [] : ['--share-port']);
  await sleep(200);
  assert.equal(await present.stop(), 0, present.output);
  return next;
}

test('API, content and workers are replaced under load without a failed request or task', async () => {
  const [apiPort, contentPort] = [await freePort(), await freePort()];
  let api = await c.start('api', { port: apiPort });
  let content = await c.start('content', { port: contentPort });
  let worker = await c.start('worker');
  const first = api;
  const large = randomText(8 << 20);
  const { body } = await first.call('POST', 'repositories/file/file/', { name: 'rolling', autopublish: true });
  const repository = body.pulp_href;
  for (const [path, text] of [
    ['large', large],
    ['small', 'small'],
  ] as const) {
    const unit = await first.done('POST', 'content/file/files/', fileForm(text, { relative_path: path, repository }));
    assert.equal(unit.state, 'completed');
  }
  await first.done('POST', 'distributions/file/file/', { name: 'rolling', base_path: 'rolling', repository });
  const served = `http://127.0.0.1:${contentPort}/pulp/content/rolling/`;
  const rolling = new Rolling();
  rolling.client('list', async () => (await first.get('repositories/file/file/')).status === 200);
  rolling.client('create', async () => {
    const { status } = await first.call('POST', 'repositories/file/file/', { name: c.name('more') });
    return status === 201 || status;
  });
  rolling.client('upload', async () => {
    const { status } = await first.call('POST', 'artifacts/', fileForm(randomText(1 << 18)));
    return status === 201 || status;
  });
  rolling.client('task', async () => {
    const task = await first.done('POST', `${repository}modify/`, { remove_content_units: [] });
    return task.state === 'completed' || JSON.stringify(task.error);
  });
  rolling.client('large', async () => (await (await fetch(`${served}large`)).text()) === large);
  for (let n = 0; n < 4; n++) {
    rolling.client('small', async () => (await alone(`${served}small`)) === 'small');
    rolling.client('livez', async () => (await alone(`http://127.0.0.1:${apiPort}/livez/`)) !== undefined);
  }
  try {
    for (let n = 0; n < rounds; n++) {
      api = await replace('api', api, apiPort);
      content = await replace('content', content, contentPort);
      worker = await replace('worker', worker, 0);
    }
  } finally {
    await rolling.stop();
  }
  assert.deepEqual(rolling.failures.slice(0, 10), [], `${rolling.failures.length} of ${rolling.requests} requests`);
  assert.ok(rolling.requests > 50, `only ${rolling.requests} requests`);
});

/** As an init system does it: the socket is given to one process after the other, each started when the one before has ended. */
const initSystem = `while :; do sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"' "$0" "$@"; done`;

test('the only process of its kind is replaced without a refused connection when the init system holds the socket', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  const socket = (holder as unknown as { _handle: { fd: number } })._handle.fd;
  const program = ['sh', '-c', initSystem, join(import.meta.dirname, '../../bin/deckle')];
  const service = await c.spawn('api', { port }, [], { program, socket });
  // From here on only the service holds it.
  await new Promise((resolve) => holder.close(resolve));
  const starts = () => service.output.split('listening on').length - 1;
  await until('it listens', () => starts() === 1);
  const rolling = new Rolling();
  for (let n = 0; n < 3; n++)
    rolling.client('livez', async () => (await alone(`http://127.0.0.1:${port}/livez/`)) !== undefined);
  try {
    for (let n = 1; n <= rounds; n++) {
      process.kill(findBelow(service.process.pid!, 'src/main.ts api'), 'SIGTERM');
      await until('the next one listens', () => starts() === n + 1);
      await sleep(200);
    }
  } finally {
    await rolling.stop();
    service.kill();
  }
  assert.deepEqual(rolling.failures.slice(0, 10), [], `${rolling.failures.length} of ${rolling.requests} requests`);
  assert.ok(rolling.requests > 20, `only ${rolling.requests} requests`);
});
