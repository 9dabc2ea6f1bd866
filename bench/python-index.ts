/**
 * A made-up index of 20,000 projects and 200,000 files, synced on demand and served: memory of every process, and the latency of
 * its pages when first asked for, once known, and after a change. Needs wrk.
 * Run: `node bench/python-index.ts [projects] [files of each] [limit in MiB]`
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../test/support/server.ts';
import { MemoryWatch } from './memory-watch.ts';
import { startMadeIndex } from './python-upstream.ts';

const projects = Number(process.argv[2] ?? 20_000);
const files = Number(process.argv[3] ?? 10);
const limit = Number(process.argv[4] ?? 512);
const API = '/pulp/api/v3/';
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';

interface Load {
  readonly requests: number;
  readonly microseconds: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly errors: number;
}

/** Load of 64 connections on pages of random projects. */
async function load(url: string, seconds: number, accept: string): Promise<Load> {
  const script = join(import.meta.dirname, 'random-pages.lua');
  const words = ['-t1', '-c64', `-d${seconds}s`, '-s', script, url, '--', String(projects), accept];
  const child = spawn('wrk', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (piece) => (said += piece));
  await once(child, 'close');
  const result = /RESULT (.*)/.exec(said)?.[1];
  assert.ok(result, said);
  return JSON.parse(result) as Load;
}

test(`${projects} projects of ${files} files, every process below ${limit} MiB`, { timeout: 3_600_000 }, async () => {
  const upstream = await startMadeIndex(projects, files);
  after(() => upstream.close());
  const data = mkdtempSync(join(tmpdir(), 'deckle-bench-'));
  after(() => rmSync(data, { recursive: true, force: true }));
  const server = await startServer({ data, settings: { workers: 1, access_log: false, log_level: 'warn' } });
  const memory = new MemoryWatch(server);
  after(() => memory.stop());
  const say = (text: string) => process.stdout.write(`${text}; most memory: ${memory.summary}\n`);

  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
  const call = async (method: string, path: string, input?: object): Promise<any> => {
    const response = await server.fetch(path.startsWith('/') ? path : API + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(input && { body: JSON.stringify(input) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? '' : await response.text()}`);
    return await response.json();
  };
  const run = async (what: string, path: string, input: object = {}) => {
    const started = performance.now();
    const { task } = await call('POST', path, input);
    for (;;) {
      const { state, error } = await call('GET', task);
      if (state === 'completed') return say(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
      assert.ok(state === 'waiting' || state === 'running', JSON.stringify(error));
      await sleep(200);
    }
  };

  const remote = (await call('POST', 'remotes/python/python/', { name: 'made', url: upstream.url })).pulp_href;
  const repository = (await call('POST', 'repositories/python/python/', { name: 'made', remote })).pulp_href;
  await run('sync', `${repository}sync/`);
  await run('the same again', `${repository}sync/`);
  await run('distribute', 'distributions/python/pypi/', { name: 'made', base_path: 'made', repository });
  assert.deepEqual(await call('GET', '/pypi/made/'), {
    projects,
    releases: projects * Math.ceil(files / 2),
    files: projects * files,
  });

  const pages = `${server.url}/pypi/made/simple/`;
  const measure = async (what: string, seconds: number, accept: string) => {
    const { requests, microseconds, p50, p95, p99, errors } = await load(pages, seconds, accept);
    assert.equal(errors, 0, what);
    say(
      `${what}: ${Math.round((requests * 1e6) / microseconds)}/s, p50 ${p50 / 1000} ms, p95 ${p95 / 1000} ms, p99 ${p99 / 1000} ms`,
    );
    return p95;
  };
  await measure('random pages, none known', 3, 'text/html');
  await measure('random pages, becoming known', 20, 'text/html');
  const warm = await measure('random pages, known', 10, 'text/html');
  await measure('random pages as JSON, becoming known', 15, JSON_TYPE);
  const warmJson = await measure('random pages as JSON, known', 10, JSON_TYPE);
  for (const type of ['text/html', JSON_TYPE]) {
    for (const when of ['first', 'again']) {
      const started = performance.now();
      const response = await fetch(pages, { headers: { accept: type } });
      const size = (await response.arrayBuffer()).byteLength;
      say(`list of projects as ${type}, ${when}: ${(performance.now() - started).toFixed(1)} ms, ${size} bytes`);
    }
  }
  await call('POST', `/pypi/made/yank/`, { name: 'project-00000', version: '1.0' });
  await measure('random pages after a new version', 3, 'text/html');
  memory.stop();
  process.stdout.write(`largest: ${[...memory.largest].map(([kind, mib]) => `${kind} ${mib}`).join(', ')}\n`);
  assert.deepEqual(
    [...memory.largest].filter(([, mib]) => mib > limit),
    [],
    `more than ${limit} MiB`,
  );
  assert.ok(warm < 5000 && warmJson < 5000, 'the 95th percentile of known pages is 5 ms or more');
});
