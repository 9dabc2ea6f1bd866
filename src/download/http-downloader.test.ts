/** Tests of downloads against real servers: statuses, retries, broken bodies, timeouts, limits. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { impatientClock, serve, type TestServer } from '../../test/support/upstream-servers.ts';
import { BodyMismatch } from '../lib/http/body-mismatch.ts';
import { DownloadError } from './download-error.ts';
import { Downloader, type DownloaderOptions } from './http-downloader.ts';
import type { RemoteSettings } from './remote-settings.ts';

async function collect(body: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

interface Setup extends AsyncDisposable {
  server: TestServer;
  downloader: Downloader;
  pauses: number[];
}

async function setUp(
  listener: RequestListener,
  settings: Partial<RemoteSettings> = {},
  options: DownloaderOptions = {},
): Promise<Setup> {
  const server = await serve(listener);
  const clock = impatientClock();
  const downloader = new Downloader({ url: server.url, ...settings }, { clock, noProxy: '*', ...options });
  const dispose = async () => {
    await downloader.close();
    await server[Symbol.asyncDispose]();
  };
  return { server, downloader, pauses: clock.pauses, [Symbol.asyncDispose]: dispose };
}

/** Answers the statuses one after another, then 200. */
function statuses(...list: number[]): RequestListener {
  return (_request, response) => {
    response.statusCode = list.shift() ?? 200;
    response.end('content');
  };
}

function failsWith(check: Partial<DownloadError> & { text: RegExp }) {
  return (error: unknown) => {
    assert.ok(error instanceof DownloadError, String(error));
    assert.match(error.message, check.text);
    if (check.status !== undefined) assert.equal(error.status, check.status);
    if (check.failure !== undefined) assert.equal(error.failure, check.failure);
    return true;
  };
}

test('a body is handed to the sink, whose answer is answered', async () => {
  await using setup = await setUp(statuses());
  const { server, downloader } = setup;
  assert.equal(await downloader.download(`${server.url}/a%2Bb?c=%20`, collect), 'content');
  assert.equal(server.requests[0]?.url, '/a%2Bb?c=%20');
  assert.equal(server.requests[0]?.headers['user-agent'], 'pulpcore/3.123.1-compatible (Deckle)');
  assert.equal(server.requests[0]?.headers['accept-encoding'], 'identity');
});

test('404 is one request and an error in the known form', async () => {
  await using setup = await setUp(statuses(404, 404));
  const { server, downloader } = setup;
  const message = `404, message='Not Found', url='${server.url}/x'`;
  await assert.rejects(downloader.download(`${server.url}/x`, collect), {
    name: 'DownloadError',
    status: 404,
    message,
  });
  assert.equal(server.requests.length, 1);
});

for (const status of [429, 500, 503]) {
  test(`${status} is retried with growing pauses, then succeeds`, async () => {
    await using setup = await setUp(statuses(status, status), {}, { random: () => 0.5 });
    const { server, downloader, pauses } = setup;
    assert.equal(await downloader.download(`${server.url}/x`, collect), 'content');
    assert.deepEqual(pauses, [375, 750]);
  });

  test(`${status} for ever fails after three more tries`, async () => {
    await using setup = await setUp(statuses(...Array.from({ length: 9 }, () => status)), { max_retries: 0 });
    const { server, downloader } = setup;
    await assert.rejects(
      downloader.download(`${server.url}/x`, collect),
      failsWith({ status, text: /^\d+, message=/ }),
    );
    assert.equal(server.requests.length, 4);
  });
}

test('204 and 206 are no downloads', async () => {
  await using setup = await setUp(statuses(206));
  const { server, downloader } = setup;
  await assert.rejects(downloader.download(server.url, collect), failsWith({ status: 206, text: /Partial/ }));
});

test('Retry-After is heeded, up to a minute', async () => {
  let asked = 0;
  await using setup = await setUp((_request, response) => {
    asked++;
    if (asked < 3) response.writeHead(429, { 'retry-after': asked === 1 ? '7' : '86400' });
    response.end('content');
  });
  await setup.downloader.download(setup.server.url, collect);
  assert.deepEqual(setup.pauses, [7000, 60_000]);
});

test('a truncated body is retried, then an error', async () => {
  await using setup = await setUp(
    (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this');
      setTimeout(5).then(() => response.destroy());
    },
    { max_retries: 2 },
  );
  const { server, downloader } = setup;
  const error = failsWith({ failure: 'disconnect', text: /payload is not completed/ });
  await assert.rejects(downloader.download(`${server.url}/x`, collect), error);
  assert.equal(server.requests.length, 3);
});

test('a wrong digest is retried, then an error that names the URL', async () => {
  await using setup = await setUp(statuses());
  const { server, downloader } = setup;
  const sink = async (body: AsyncIterable<Uint8Array>) => {
    await collect(body);
    throw new BodyMismatch('sha256', 'aaa', 'bbb', 'The sha256 checksum did not match.');
  };
  const text = /url http:.*\/x failed validation due to checksum. Expected 'aaa', Actual 'bbb'/;
  await assert.rejects(downloader.download(`${server.url}/x`, sink), failsWith({ failure: 'mismatch', text }));
  assert.equal(server.requests.length, 4);
});

test('an early mismatch is not hidden by giving up the rest of the body', async () => {
  await using setup = await setUp((_request, response) => void response.end(Buffer.alloc(2_000_000)), {
    max_retries: 1,
  });
  const sink = async (body: AsyncIterable<Uint8Array>) => {
    for await (const _ of body) throw new BodyMismatch('size', 1, 2, 'The size did not match actual size of file.');
  };
  const error = failsWith({ failure: 'mismatch', text: /due to size/ });
  await assert.rejects(setup.downloader.download(setup.server.url, sink), error);
});

test('other errors of the sink are not retried', async () => {
  await using setup = await setUp(statuses());
  const { server, downloader } = setup;
  await assert.rejects(
    downloader.download(server.url, () => Promise.reject(new Error('disk full'))),
    /^Error: disk full$/,
  );
  assert.equal(server.requests.length, 1);
});

test('a server that is not there is tried again', async () => {
  const clock = impatientClock();
  const downloader = new Downloader({ url: 'http://127.0.0.1:1' }, { clock, noProxy: '*' });
  const error = failsWith({
    failure: 'connect',
    text: /^Cannot connect to host 127.0.0.1:1 ssl:default \[.*ECONNREFUSED/,
  });
  await assert.rejects(downloader.download('http://127.0.0.1:1/x', collect), error);
  assert.equal(clock.pauses.length, 3);
  await downloader.close();
});

test('silence before the headers and in the body ends a try', { timeout: 20_000 }, async () => {
  await using setup = await setUp(
    (request, response) => {
      if (request.url === '/body') response.write('a little');
    },
    { sock_read_timeout: 0.3, max_retries: 1 },
  );
  const { server, downloader } = setup;
  for (const path of ['/head', '/body']) {
    const error = failsWith({ failure: 'timeout', text: /Timeout on reading data from socket/ });
    await assert.rejects(downloader.download(server.url + path, collect), error);
  }
  assert.equal(server.requests.length, 4);
});

test('a body that keeps coming is not ended by the limit of silence, but by a total one', {
  timeout: 20_000,
}, async () => {
  const drip: RequestListener = async (_request, response) => {
    for (let part = 0; part < 8; part++) {
      response.write('x');
      await setTimeout(100);
    }
    response.end();
  };
  await using patient = await setUp(drip, { sock_read_timeout: 0.5 });
  assert.equal(await patient.downloader.download(patient.server.url, collect), 'xxxxxxxx');
  await using hasty = await setUp(drip, { total_timeout: 0.3, max_retries: 1 });
  const error = failsWith({ failure: 'timeout', text: /longer than 0.3 seconds/ });
  await assert.rejects(hasty.downloader.download(hasty.server.url, collect), error);
  assert.equal(hasty.server.requests.length, 2);
});

test('an abort ends waiting and transfers with the reason given', { timeout: 20_000 }, async () => {
  let arrived = () => {};
  await using setup = await setUp((request, response) => {
    if (request.url === '/body') response.write('x');
    setTimeout(50).then(arrived);
  });
  for (const path of ['/head', '/body']) {
    const abort = new AbortController();
    arrived = () => abort.abort(new Error('canceled'));
    const running = setup.downloader.download(setup.server.url + path, collect, { signal: abort.signal });
    await assert.rejects(running, /^Error: canceled$/);
  }
  assert.equal(setup.server.requests.length, 2);
});

test('never more requests at once than allowed, and permits come back after errors', async () => {
  let running = 0;
  let peak = 0;
  await using setup = await setUp(
    async (request, response) => {
      peak = Math.max(peak, ++running);
      await setTimeout(10);
      running--;
      response.statusCode = Number(request.url?.slice(1)) % 3 === 0 ? 404 : 200;
      response.end('x');
    },
    { download_concurrency: 4 },
  );
  const { server, downloader } = setup;
  const all = Array.from({ length: 40 }, (_, index) => downloader.download(`${server.url}/${index}`, collect));
  const results = await Promise.allSettled(all);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 26);
  assert.equal(peak, 4);
});

test('a body nobody reads does not keep further downloads from starting', { timeout: 10_000 }, async () => {
  const listener: RequestListener = (request, response) => {
    response.end(request.url === '/large' ? Buffer.alloc(20_000_000) : 'small');
  };
  await using setup = await setUp(listener, { download_concurrency: 1 });
  const { server, downloader } = setup;
  const large = await downloader.fetch(`${server.url}/large`);
  assert.equal(await downloader.download(`${server.url}/small`, collect), 'small');
  assert.equal((await large.bytes()).length, 20_000_000);
});

test('the rate is kept over all requests', async () => {
  await using setup = await setUp(statuses(), { rate_limit: 2 });
  for (let count = 0; count < 5; count++) await setup.downloader.download(setup.server.url, collect);
  assert.equal(setup.pauses.length, 2);
  assert.ok(setup.pauses.every((pause) => pause > 990 && pause <= 1000));
});

test('fetch answers any status, headers included, and retries as downloads do', async () => {
  await using setup = await setUp(statuses(503, 304, 404, 503, 503));
  const { server, downloader } = setup;
  const unchanged = await downloader.fetch(server.url, { headers: { 'If-None-Match': '"x"' } });
  assert.equal(unchanged.status, 304);
  assert.equal(server.requests[1]?.headers['if-none-match'], '"x"');
  const missing = await downloader.fetch(server.url, { method: 'HEAD' });
  assert.equal(missing.status, 404);
  assert.equal(await missing.text(), '');
  assert.equal((await downloader.fetch(server.url, { retries: 1 })).status, 503);
});

test('a request may have a body', async () => {
  await using setup = await setUp(async (request, response) => void response.end(await collect(request)));
  const response = await setup.downloader.fetch(setup.server.url, { method: 'POST', body: 'a=1' });
  assert.equal(await response.text(), 'a=1');
});

test('compressed answers are decoded within the limit', async () => {
  const json = JSON.stringify({ text: 'x'.repeat(100_000) });
  await using setup = await setUp((request, response) => {
    assert.match(String(request.headers['accept-encoding']), /gzip.*zstd/);
    const zstd = request.url === '/zstd';
    response.setHeader('content-encoding', zstd ? 'zstd' : 'gzip');
    response.end(zstd ? zstdCompressSync(json) : gzipSync(json));
  });
  const { server, downloader } = setup;
  for (const path of ['/gzip', '/zstd']) {
    const response = await downloader.fetch(server.url + path, { compressed: true });
    assert.deepEqual(await response.json(), JSON.parse(json));
    const limited = await downloader.fetch(server.url + path, { compressed: true });
    await assert.rejects(limited.bytes(1000), failsWith({ failure: 'refused', text: /more than 1000 bytes/ }));
  }
});

test('what is not http is refused', async () => {
  const downloader = new Downloader({ url: 'http://127.0.0.1' }, { noProxy: '*' });
  for (const url of ['ftp://127.0.0.1/x', 'data:,x', 'no url', 'file:///etc/passwd']) {
    await assert.rejects(
      downloader.download(url, collect),
      (error) => error instanceof DownloadError && !error.retryable,
    );
  }
  await downloader.close();
});

test('after closing nothing starts and nothing is retried', async () => {
  const clock = impatientClock();
  const downloader = new Downloader({ url: 'http://127.0.0.1:1' }, { clock, noProxy: '*' });
  await downloader.close();
  await assert.rejects(
    downloader.download('http://127.0.0.1:1', collect),
    failsWith({ failure: 'refused', text: /closed/ }),
  );
  assert.deepEqual(clock.pauses, []);
});

test('one signal for many downloads', async () => {
  await using setup = await setUp(statuses(), { download_concurrency: 30 });
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 60 }, () => setup.downloader.download(setup.server.url, collect, { signal })));
  await setTimeout(10);
  process.off('warning', warn);
  assert.deepEqual(warnings, []);
});
