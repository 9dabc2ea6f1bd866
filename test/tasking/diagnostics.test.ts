/** Diagnostics of tasks: recorded where allowed, kept as artifacts, fetched by signed links. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../support/server.ts';

const server = await startServer({
  settings: { task_diagnostics: ['memory', 'logs', 'cpu-profile'], orphan_protection_time: 0 },
});
const API = '/pulp/api/v3/';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
const json = async (path: string, init?: RequestInit): Promise<any> => (await server.fetch(path, init)).json();

/** A task with the header; answers its href when it has ended. */
async function ended(names: string): Promise<string> {
  const { task } = await json(`${API}orphans/cleanup/`, { method: 'POST', headers: { 'X-Task-Diagnostics': names } });
  for (;;) {
    const { state } = await json(task);
    if (state === 'completed') return task;
    assert.ok(['waiting', 'running'].includes(state), state);
    await sleep(20);
  }
}

const linksOf = async (task: string): Promise<Record<string, string>> => (await json(`${task}profile_artifacts/`)).urls;

test('what was asked for and is allowed is recorded and can be fetched without login for a while', async () => {
  const task = await ended('memory,logs,debug-logs,cpu-profile,nonsense');
  const urls = await linksOf(task);
  assert.deepEqual(Object.keys(urls), ['cpu-profile', 'memory_profile', 'task_logs']);
  const text = async (name: string) => {
    const response = await fetch(urls[name]!);
    assert.equal(response.status, 200);
    return await response.text();
  };
  assert.match(await text('memory_profile'), /^# Seconds\tMemory in MiB\n0\.0\t\d+\.\d\n/);
  assert.match(await text('task_logs'), /INFO: Starting task id: .*orphan_cleanup/);
  assert.ok(Array.isArray(JSON.parse(await text('cpu-profile')).nodes));
  const [plain] = urls.memory_profile!.split('?');
  assert.equal((await fetch(plain!)).status, 403);
  assert.equal((await fetch(urls.memory_profile!.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status, 403);
});

test('nothing is recorded unasked; an orphan clean-up leaves what is recorded', async () => {
  const task = await ended('memory');
  const plain = await ended('');
  assert.deepEqual(await linksOf(plain), {});
  assert.equal((await fetch((await linksOf(task)).memory_profile!)).status, 200);
  assert.equal((await server.fetch(task, { method: 'DELETE' })).status, 204);
  await ended('');
  assert.equal((await json(`${API}artifacts/`)).results.length, 3, 'what the task recorded goes with it');
});

test('the distribution of artifacts is seen by administrators, and in no listing', async () => {
  const { count, results } = await json(`${API}distributions/core/artifacts/`);
  assert.equal(count, 1);
  assert.equal(results[0].hidden, true);
  assert.equal((await server.fetch(results[0].pulp_href, { method: 'DELETE' })).status, 405);
  assert.ok(!(await (await server.fetch('/pulp/content/')).text()).includes(results[0].base_path));
  assert.equal((await server.fetch(`/pulp/content/${results[0].base_path}/`)).status, 403);
});
