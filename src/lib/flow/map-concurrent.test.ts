/** Tests of the bounded concurrent map. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { forEachConcurrent, mapConcurrent } from './map-concurrent.ts';

const numbers = Array.from({ length: 100 }, (_, index) => index);

for (const ordered of [true, false]) {
  const name = ordered ? 'ordered' : 'as completed';

  test(`${name}: every item once, never more calls than allowed`, async () => {
    let running = 0;
    let peak = 0;
    const double = async (item: number) => {
      peak = Math.max(peak, ++running);
      await setTimeout(item % 5);
      running--;
      return item * 2;
    };
    const seen = await Array.fromAsync(mapConcurrent(numbers, 7, double, { ordered }));
    assert.equal(peak, 7);
    if (!ordered) seen.sort((left, right) => left - right);
    assert.deepEqual(
      seen,
      numbers.map((item) => item * 2),
    );
  });

  test(`${name}: the first error is thrown after the running calls have ended`, async () => {
    let running = 0;
    let started = 0;
    const fn = async (item: number) => {
      running++;
      started++;
      await setTimeout(item === 3 ? 1 : 10);
      running--;
      if (item === 3) throw new Error('three');
    };
    await assert.rejects(Array.fromAsync(mapConcurrent(numbers, 5, fn, { ordered })), /three/);
    assert.equal(running, 0);
    assert.ok(started < 20);
  });

  test(`${name}: leaving early ends the source`, { timeout: 5000 }, async () => {
    let ended = false;
    async function* source() {
      try {
        yield* numbers;
      } finally {
        ended = true;
      }
    }
    for await (const item of mapConcurrent(source(), 3, async (one) => one, { ordered })) if (item >= 5) break;
    assert.ok(ended);
  });

  test(`${name}: an error of the source is thrown`, async () => {
    async function* source() {
      yield 1;
      throw new Error('source');
    }
    await assert.rejects(Array.fromAsync(mapConcurrent(source(), 3, async (one) => one, { ordered })), /source/);
  });

  test(`${name}: a slow source does not hold back results`, async () => {
    async function* source() {
      yield 1;
      await setTimeout(60_000, undefined, { ref: false });
      yield 2;
    }
    const results = mapConcurrent(source(), 3, async (one) => one, { ordered });
    assert.deepEqual(await results.next(), { value: 1, done: false });
  });

  test(`${name}: the source is not read far ahead of a slow reader`, async () => {
    let pulled = 0;
    function* source() {
      for (const item of numbers) {
        pulled++;
        yield item;
      }
    }
    const results = mapConcurrent(source(), 4, async (one) => one, { ordered });
    await results.next();
    await setImmediate();
    await setImmediate();
    assert.ok(pulled <= 10, `${pulled} items pulled`);
    await results.return(undefined);
  });
}

test('forEachConcurrent runs all', async () => {
  let sum = 0;
  await forEachConcurrent(numbers, 4, async (item) => {
    await setImmediate();
    sum += item;
  });
  assert.equal(sum, 4950);
});
