/** Tests of the semaphore, the rate limiter and single flight. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../process/clock.ts';
import { RateLimiter } from './rate-limiter.ts';
import { Semaphore } from './semaphore.ts';
import { SingleFlight } from './single-flight.ts';

test('a semaphore hands out permits in order, also heavy ones', async () => {
  const semaphore = new Semaphore(3);
  const order: string[] = [];
  const first = await semaphore.acquire(2);
  const heavy = semaphore.acquire(5).then((release) => {
    order.push('heavy');
    return release;
  });
  const light = semaphore.acquire(1).then((release) => {
    order.push('light');
    return release;
  });
  await setImmediate();
  assert.deepEqual(order, []);
  first();
  first();
  (await heavy)();
  (await light)();
  assert.deepEqual(order, ['heavy', 'light']);
  assert.equal(semaphore.free, 3);
});

test('an aborted waiter leaves the queue and lets the next one in', async () => {
  const semaphore = new Semaphore(2);
  const held = await semaphore.acquire(1);
  const abort = new AbortController();
  const heavy = semaphore.acquire(2, abort.signal);
  const light = semaphore.acquire(1);
  abort.abort(new Error('enough'));
  await assert.rejects(heavy, /enough/);
  (await light)();
  held();
  assert.equal(semaphore.free, 2);
  await assert.rejects(semaphore.acquire(1, abort.signal), /enough/);
});

test('use gives the permit back after an error', async () => {
  const semaphore = new Semaphore(1);
  await assert.rejects(
    semaphore.use(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await semaphore.use(async () => 5), 5);
});

test('no second holds more starts than the rate', async () => {
  let time = 0;
  const clock: Clock = {
    now: () => time,
    sleep: async (milliseconds) => {
      starts.push(time + milliseconds);
    },
  };
  const starts: number[] = [];
  const limiter = new RateLimiter(3, clock);
  for (let call = 0; call < 9; call++) await limiter.take();
  assert.deepEqual(starts, [1000, 1000, 1000, 2000, 2000, 2000]);
  time = 5000;
  await limiter.take();
  assert.equal(starts.length, 6);
  assert.throws(() => new RateLimiter(0), RangeError);
});

test('single flight shares running work and forgets it afterwards', async () => {
  const flights = new SingleFlight<string, number>();
  let calls = 0;
  const work = async () => {
    await setImmediate();
    return ++calls;
  };
  assert.deepEqual(
    await Promise.all([flights.run('a', work), flights.run('a', work), flights.run('b', work)]),
    [1, 1, 2],
  );
  assert.equal(flights.has('a'), false);
  assert.equal(await flights.run('a', work), 3);
  await assert.rejects(flights.run('c', () => Promise.reject(new Error('no'))));
  assert.equal(await flights.run('c', work), 4);
});
