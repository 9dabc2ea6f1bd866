/** Uploads of one name at the same time: the first that is taken in stays, the others are told so. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { useRunningServer } from '../support/running-server.ts';
import { form, makeIndex } from './own-index.ts';
import { makeSdist } from './upstream.ts';

const running = await useRunningServer({ web: 2 });
const grouping = await useRunningServer({ python_group_uploads: true });

const racers = Array.from({ length: 6 }, (_, number) => makeSdist('race', '1.0', String(number)));
const send = async ({ server }: typeof running, live: string, bytes: Buffer) =>
  await server.fetch(`${live}legacy/`, {
    method: 'POST',
    body: form({ sha256_digest: sha256Of(bytes) }, 'content', 'race-1.0.tar.gz', bytes),
  });

/** What the index has under the name; its repository may have one version beside the first. */
async function listed(at: typeof running, index: { href: string; live: string }): Promise<string> {
  const { body } = await at.call('GET', `${index.live}simple/race/?format=json`);
  const page = typeof body === 'string' ? JSON.parse(body) : body;
  assert.equal(page.files.length, 1);
  assert.equal(await at.latest({ pulp_href: index.href }), 1);
  return page.files[0].hashes.sha256;
}

test('of several at once one is taken in, and the others hear that the name is there', async () => {
  const index = await makeIndex(running, 'race');
  const answers = await Promise.all(racers.map((bytes) => send(running, index.live, bytes)));
  const completed: number[] = [];
  for (const [at, answer] of answers.entries()) {
    const text = await answer.text();
    if (answer.status === 202) {
      const task = await running.ended(JSON.parse(text).task);
      if (task.state === 'completed') completed.push(at);
      else assert.match(task.error!.description, /race-1\.0\.tar\.gz already exists in index/);
    } else assert.deepEqual([answer.status, text], [400, 'Package race-1.0.tar.gz already exists in index']);
  }
  assert.equal(completed.length, 1);
  assert.equal(await listed(running, index), sha256Of(racers[completed[0]!]!));
});

test('grouped ones too, and the group is not lost with those that are refused', async () => {
  const index = await makeIndex(grouping, 'race');
  const answers = await Promise.all(racers.slice(0, 3).map((bytes) => send(grouping, index.live, bytes)));
  const tasks: string[] = [];
  for (const answer of answers) tasks.push(((await answer.json()) as { task: string }).task);
  const ended = await Promise.all(tasks.map((task) => grouping.ended(task)));
  const states = ended.map(({ state }) => state).sort();
  assert.deepEqual(states, ['completed', 'failed', 'failed']);
  await listed(grouping, index);
});
