/** Uploads that follow each other closely become one version where that is set. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { useRunningServer } from '../support/running-server.ts';
import { makeSdist } from './upstream.ts';

const running = await useRunningServer({ python_group_uploads: true });

test('uploads within some seconds share a task and a version; a later one has its own', async () => {
  const repository = await running.create('repositories/python/python/', {});
  await running.run('distributions/python/pypi/', { name: 'g', base_path: 'g', repository: repository.pulp_href });
  const send = async (version: string) => {
    const bytes = makeSdist('grouped', version);
    const body = new FormData();
    body.set('sha256_digest', sha256Of(bytes));
    body.set('content', new Blob([new Uint8Array(bytes)]), `grouped-${version}.tar.gz`);
    const answer = await running.call('POST', '/pypi/g/legacy/', body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const first = await send('1.0');
  const others = await Promise.all(['1.1', '1.2', '1.3'].map(send));
  assert.ok(first.session && first.task_start_time);
  for (const other of others) assert.deepEqual([other.session, other.task], [first.session, first.task]);
  assert.equal((await running.ended(first.task)).state, 'completed');
  assert.equal(await running.latest(repository), 1);
  const { body: version } = await running.call('GET', `${repository.pulp_href}versions/1/`);
  assert.equal(version.content_summary.present['python.python'].count, 4);
  const later = await send('2.0');
  assert.notEqual(later.task, first.task);
  assert.equal((await running.ended(later.task)).state, 'completed');
  assert.equal(await running.latest(repository), 2);
});
