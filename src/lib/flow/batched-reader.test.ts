/** Readings are shared, bounded, and begin after those who wait for them have asked. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { BatchedReader } from './batched-reader.ts';

test('keys of one turn are read together, each once, in bounded numbers', async () => {
  const readings: string[][] = [];
  const read = async (keys: readonly string[]) => {
    readings.push([...keys]);
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()]));
  };
  const reader = new BatchedReader(read, { most: 3, atOnce: 2 });
  const answers = await Promise.all(['a', 'b', 'a', 'none', 'c', 'd'].map((key) => reader.get(key)));
  assert.deepEqual(answers, ['A', 'B', 'A', undefined, 'C', 'D']);
  assert.deepEqual(readings, [
    ['a', 'b', 'none'],
    ['c', 'd'],
  ]);
});

test('whoever asks while a reading runs is answered by a later one', async () => {
  const ends: (() => void)[] = [];
  let state = 'old';
  const read = async (keys: readonly string[]) => {
    const seen = state;
    await new Promise<void>((resolve) => ends.push(resolve));
    return new Map(keys.map((key) => [key, seen]));
  };
  const reader = new BatchedReader(read, { most: 10, atOnce: 1 });
  const first = reader.get('a');
  await new Promise(setImmediate);
  state = 'new';
  const second = reader.get('a');
  ends.shift()!();
  assert.equal(await first, 'old');
  ends.shift()!();
  assert.equal(await second, 'new');
});

test('a failed reading fails those who waited for it and no others', async () => {
  let fails = true;
  const reader = new BatchedReader<string>(
    async () => {
      if (fails) throw new Error('away');
      return new Map([['a', 'here']]);
    },
    { most: 10, atOnce: 1 },
  );
  await assert.rejects(reader.get('a'), /away/);
  fails = false;
  assert.equal(await reader.get('a'), 'here');
});
