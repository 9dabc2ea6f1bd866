/** Random sequences of everything that makes, changes and destroys content, against a model in memory. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Life } from './life.ts';
import { useUpstream } from './upstream.ts';
import { useWorld } from './world.ts';

/** `DECKLE_TEST_SEED=7` runs one sequence again, `DECKLE_TEST_SECONDS=600` runs new ones for that long. */
const { DECKLE_TEST_SEED: seed, DECKLE_TEST_SECONDS: seconds } = process.env;
const STEPS = Number(process.env.DECKLE_TEST_STEPS ?? 150);

const world = await useWorld();
const upstream = await useUpstream();

/** A small generator of numbers, so that a failure can be run again. */
function random(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function live(number: number): Promise<void> {
  const life = new Life(world, upstream, random(number));
  try {
    await life.begin(`seed-${number}`);
    for (let step = 0; step < STEPS; step++) await life.step();
    await life.end();
  } catch (error) {
    throw new Error(`DECKLE_TEST_SEED=${number} fails after:\n${life.acts.map((act) => `  ${act}`).join('\n')}`, {
      cause: error,
    });
  }
}

const fresh = Math.floor(Math.random() * 2 ** 31);
const seeds = seed === undefined ? [1, 2, 3, fresh] : [Number(seed)];

for (const number of seeds) {
  test(`content lives and dies as the model says (seed ${number})`, async () => await live(number));
}

test('for as long as asked for', async (t) => {
  const until = Date.now() + Number(seconds ?? 0) * 1000;
  let lives = 0;
  for (let number = fresh + 1; Date.now() < until; number++, lives++) await live(number);
  t.diagnostic(`${lives} further seeds from ${fresh + 1} on`);
  assert.ok(lives > 0 || seconds === undefined);
});
