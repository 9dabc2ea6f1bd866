/** Tests of the stage that saves received bytes: how many it takes at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedChannel } from '../../../lib/flow/bounded.ts';
import type { SyncUnit } from '../units.ts';
import { saveArtifactsStage } from './save-artifacts.ts';

const received = () => ({ artifacts: [], release: () => {} }) as unknown as SyncUnit;

async function sizes(fill: (channel: BoundedChannel<SyncUnit>) => Promise<void>): Promise<number[]> {
  const channel = new BoundedChannel<SyncUnit>(100);
  const filled = fill(channel);
  const found: number[] = [];
  for await (const batch of saveArtifactsStage(async () => [], channel)) found.push(batch.length);
  await filled;
  return found;
}

test('what a small sync downloads is saved at once', async () => {
  const all = await sizes(async (channel) => {
    for (let at = 0; at < 5; at++) {
      await channel.put(received());
      await sleep(2);
    }
    channel.close();
  });
  assert.deepEqual(all, [5]);
});

test('slow downloads are not waited for', async () => {
  const all = await sizes(async (channel) => {
    await channel.put(received());
    await sleep(300);
    await channel.put(received());
    channel.close();
  });
  assert.deepEqual(all, [1, 1]);
});
