/** A sync that is canceled while it downloads: its reports say so, as whoever counts failed ones should not be told of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { useUpstream } from '../content/upstream.ts';
import { useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer();
const upstream = await useUpstream();

test('every report of a canceled sync is canceled, or completed before', async () => {
  const url = upstream.publish('slow', { 'a.txt': 'a', 'b.txt': 'b' });
  const asked = Promise.withResolvers<void>();
  upstream.behaviours.set('/slow/b.txt', () => asked.resolve());
  const remote = await running.remote(url);
  const { pulp_href: repository } = await running.repository({ remote: remote.pulp_href });
  const task = await running.start(`${repository}sync/`);
  await asked.promise;
  // Reports are written every half second.
  await sleep(1000);
  assert.equal((await running.call('PATCH', task, { state: 'canceled' })).status, 200);
  const { state, progress_reports: reports } = await running.ended(task);
  assert.equal(state, 'canceled');
  assert.deepEqual(Object.fromEntries(reports.map((report) => [report.code, report.state])), {
    'sync.downloading.metadata': 'completed',
    'sync.parsing.metadata': 'completed',
    'sync.downloading.artifacts': 'canceled',
    'associating.content': 'canceled',
  });
});
