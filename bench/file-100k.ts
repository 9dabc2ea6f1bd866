/**
 * A file repository of 100,000 files from beginning to end, with the memory of every process watched: fails over the limit.
 * Run: `node bench/file-100k.ts [files] [limit in MiB]`
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../src/lib/crypto/digest.ts';
import { startServer } from '../test/support/server.ts';
import { MemoryWatch } from './memory-watch.ts';

const files = Number(process.argv[2] ?? 100_000);
const limit = Number(process.argv[3] ?? 512);
const API = '/pulp/api/v3/';
const SAMPLES = 200;

const pathOf = (at: number) => `part-${Math.floor(at / 1000)}/file-${at}.bin`;
/** Different bytes of about a KiB for each file. */
const bytesOf = (at: number) => Buffer.from(`${at}:`.padEnd(1024, String(at)));

/** Files are made as they are asked for. */
async function startUpstream(): Promise<string> {
  const lines = Array.from({ length: files }, (_, at) => `${pathOf(at)},${sha256Of(bytesOf(at))},1024\n`);
  const manifest = Buffer.from(lines.join(''));
  const server = createServer((request, response) => {
    const at = /file-(\d+)\.bin$/.exec(request.url!)?.[1];
    response.end(at === undefined ? manifest : bytesOf(Number(at)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/PULP_MANIFEST`;
}

test(`${files} files, every process below ${limit} MiB`, { timeout: 3_600_000 }, async () => {
  const url = await startUpstream();
  const data = mkdtempSync(join(tmpdir(), 'deckle-bench-'));
  after(() => rmSync(data, { recursive: true, force: true }));
  const server = await startServer({ data, settings: { workers: 1, access_log: false, log_level: 'warn' } });
  const memory = new MemoryWatch(server);
  after(() => memory.stop());

  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
  const call = async (method: string, path: string, input?: object): Promise<any> => {
    const response = await server.fetch(path.startsWith('/') ? path : API + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(input && { body: JSON.stringify(input) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return await response.json();
  };
  const run = async (what: string, path: string, input: object = {}): Promise<string[]> => {
    const started = performance.now();
    const { task } = await call('POST', path, input);
    for (;;) {
      const { state, error, created_resources } = await call('GET', task);
      if (state === 'completed') {
        say(what, started);
        return created_resources;
      }
      assert.ok(state === 'waiting' || state === 'running', JSON.stringify(error));
      await sleep(200);
    }
  };
  const say = (what: string, started: number) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${what}: ${seconds} s; most memory: ${memory.summary}\n`);
  };
  const countOf = async (repository: string): Promise<number> => {
    const { latest_version_href } = await call('GET', repository);
    return (await call('GET', latest_version_href)).content_summary.present['file.file'].count;
  };
  const sampled = async (what: string, basePath: string): Promise<void> => {
    const started = performance.now();
    for (let sample = 0; sample < SAMPLES; sample++) {
      const at = Math.floor((sample * files) / SAMPLES);
      const response = await fetch(`${server.url}/pulp/content/${basePath}/${pathOf(at)}`);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytesOf(at));
    }
    say(what, started);
  };

  for (const policy of ['on_demand', 'immediate']) {
    const remote = (await call('POST', 'remotes/file/file/', { name: policy, url, policy })).pulp_href;
    const repository = (await call('POST', 'repositories/file/file/', { name: policy, remote })).pulp_href;
    assert.equal((await run(`sync ${policy}`, `${repository}sync/`)).length, 1);
    assert.equal(await countOf(repository), files);
    assert.deepEqual(await run(`the same again`, `${repository}sync/`), []);
    assert.deepEqual(await run(`again without optimize`, `${repository}sync/`, { optimize: false }), []);
    await run('publish', 'publications/file/file/', { repository });
    await run('distribute', 'distributions/file/file/', { name: policy, base_path: policy, repository });
    const manifest = await (await fetch(`${server.url}/pulp/content/${policy}/PULP_MANIFEST`)).text();
    assert.equal(manifest.split('\n').length - 1, files);
    await sampled(`serve ${SAMPLES} samples`, policy);
    const listing = await fetch(`${server.url}/pulp/content/${policy}/part-0/`);
    assert.equal((await listing.text()).match(/file-\d+\.bin"/g)?.length, Math.min(files, 1000));
  }
  memory.stop();
  const over = [...memory.largest].filter(([, mib]) => mib > limit);
  process.stdout.write(`largest: ${[...memory.largest].map(([kind, mib]) => `${kind} ${mib}`).join(', ')}\n`);
  assert.deepEqual(over, [], `more than ${limit} MiB`);
});
