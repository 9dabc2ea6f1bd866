/** Tests of the bounded channel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BoundedChannel } from './bounded.ts';

test('a writer waits for the reader', async () => {
  const channel = new BoundedChannel<number>(2);
  let written = 0;
  const writer = (async () => {
    for (let item = 0; item < 5; item++) {
      await channel.put(item);
      written++;
    }
    channel.close();
  })();
  await setImmediate();
  assert.equal(written, 2);
  const read: number[] = [];
  for await (const item of channel) read.push(item);
  await writer;
  assert.deepEqual(read, [0, 1, 2, 3, 4]);
});

test('many writers and readers lose and double nothing', async () => {
  const channel = new BoundedChannel<number>(7);
  const seen: number[] = [];
  const readers = Array.from({ length: 5 }, async () => {
    for (let item = await channel.take(); item !== undefined; item = await channel.take()) {
      seen.push(item);
      if (item % 3 === 0) await setImmediate();
    }
  });
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let index = 0; index < 1000; index++) await channel.put(writer * 1000 + index);
  });
  await Promise.all(writers);
  channel.close();
  await Promise.all(readers);
  assert.deepEqual(
    seen.sort((left, right) => left - right),
    Array.from({ length: 4000 }, (_, index) => index),
  );
});

test('batches take what is there', async () => {
  const channel = new BoundedChannel<number>(10);
  for (let item = 0; item < 5; item++) await channel.put(item);
  channel.close();
  assert.deepEqual(await channel.takeBatch(3), [0, 1, 2]);
  assert.deepEqual(await channel.takeBatch(3), [3, 4]);
  assert.deepEqual(await channel.takeBatch(3), []);
});

test('a group waits for what a writer has at hand', async () => {
  const channel = new BoundedChannel<number>(10);
  const groups = channel.batches(8);
  const first = groups.next();
  for (let item = 0; item < 3; item++) await channel.put(item);
  assert.deepEqual((await first).value, [0, 1, 2]);
  for (let item = 0; item < 9; item++) await channel.put(item);
  assert.deepEqual((await groups.next()).value, [0, 1, 2, 3, 4, 5, 6, 7]);
  channel.close();
  assert.deepEqual((await groups.next()).value, [8]);
  assert.equal((await groups.next()).done, true);
});

test('a failure reaches waiting writers and readers', async () => {
  const full = new BoundedChannel<number>(1);
  await full.put(1);
  const writing = full.put(2);
  const empty = new BoundedChannel<number>(1);
  const reading = empty.take();
  full.fail(new Error('broken'));
  empty.fail(new Error('broken too'));
  await assert.rejects(writing, /broken/);
  await assert.rejects(reading, /broken too/);
  await assert.rejects(full.take(), /broken/);
});

test('nothing can be added after the end', async () => {
  const channel = new BoundedChannel<number>(1);
  channel.close();
  await assert.rejects(channel.put(1), /closed/);
});
