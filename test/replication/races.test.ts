/**
 * Upstreams of one domain that run at the same time, with overlapping and with disjoint sets, under every policy: either all are
 * right, or one is told of a conflict by name and has changed nothing. REPLICATION_ROUNDS says how often.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Group, type Json, type Peer, startPeer } from './servers.ts';
import { makeWorld, type Servers } from './world.ts';

const ROUNDS = Number(process.env.REPLICATION_ROUNDS ?? 1);
const POLICIES = ['all', 'labeled', 'nodelete'];
const FILES = 'distributions/file/file/?ordering=name';
const CONFLICT =
  /owned_by_other_upstream|base_path_taken|base_path_nested|changed here since the plan was made|overlaps with/;

const settings = { domain_enabled: true };
const [replica, a, b] = await Promise.all([
  startPeer({ settings: { ...settings, workers: 3 } }),
  startPeer({ settings }),
  startPeer({ settings }),
]);
const servers: Servers = { replica, a, b };

interface Racer {
  readonly name: string;
  readonly href: string;
  readonly id: string;
  readonly peer: Peer;
}

async function racer(to: Peer, peer: Peer, name: string, more: object): Promise<Racer> {
  const href = await to.upstream(peer, { name, ...more });
  return { name, href, id: href.split('/').at(-2)!, peer };
}

/** All at once, beginning with another each time. */
async function race(to: Peer, racers: readonly Racer[], round: number): Promise<Group[]> {
  const order = racers.map((_, at) => racers[(at + round) % racers.length]!);
  const groups = await Promise.all(order.map(({ href }) => to.replicate(href)));
  return racers.map((one) => groups[order.indexOf(one)]!);
}

const ownerOf = (distribution: Json) => distribution.pulp_labels.UpstreamPulp;

/** Every distribution serves what its owner has under its name. */
async function assertWhole(to: Peer, racers: readonly Racer[]): Promise<Json[]> {
  const here: Json[] = (await to.get(FILES)).results;
  for (const one of here) {
    const owner = racers.find(({ id }) => id === ownerOf(one));
    assert.ok(owner, `${one.name} belongs to ${ownerOf(one)}`);
    const theirs = await owner.peer.distribution(one.name);
    assert.equal(one.base_path, theirs.base_path);
    assert.equal(await to.read(`${one.base_path}/f`), await owner.peer.read(`${theirs.base_path}/f`), one.name);
  }
  return here;
}

/** What each upstream has that the others have not, and one thing that two of them have. */
const OVERLAPS: Record<string, (first: Peer, second: Peer) => Promise<Json[]>> = {
  'the same name': async (first, second) => [
    await first.serve('both', { f: 'first' }, { base_path: 'at-first' }),
    await second.serve('both', { f: 'second' }, { base_path: 'at-second' }),
  ],
  'the same base path': async (first, second) => [
    await first.serve('name-1', { f: 'first' }, { base_path: 'place' }),
    await second.serve('name-2', { f: 'second' }, { base_path: 'place' }),
  ],
  'nested base paths': async (first, second) => [
    await first.serve('outer', { f: 'first' }, { base_path: 'tree' }),
    await second.serve('inner', { f: 'second' }, { base_path: 'tree/branch' }),
  ],
};

for (const policy of POLICIES) {
  test(`${policy}: three upstreams with disjoint sets, one after the other and at once`, {
    timeout: 400_000,
  }, async () => {
    const world = await makeWorld(servers);
    const third = await b.inNewDomain(`${world.b.domain}c`);
    const peers = [world.a, world.b, third];
    const racers: Racer[] = [];
    const repositories: string[] = [];
    for (const [at, peer] of peers.entries()) {
      for (const name of ['x', 'y']) repositories.push((await peer.serve(`${name}${at}`, { f: '0' })).repository);
      racers.push(await racer(world.replica, peer, `up ${at}`, { policy }));
    }
    for (let round = 0; round <= ROUNDS; round++) {
      if (round === 0) {
        for (const { href } of racers) assert.deepEqual((await world.replica.replicate(href)).errors, []);
      } else {
        for (const group of await race(world.replica, racers, round)) assert.deepEqual(group.errors, []);
      }
      assert.deepEqual(await world.replica.names(), ['x0', 'x1', 'x2', 'y0', 'y1', 'y2']);
      await assertWhole(world.replica, racers);
      for (const [at, repository] of repositories.entries()) {
        await peers[at >> 1]!.publish(repository, { f: `${round + 1}` });
      }
    }
  });

  for (const [what, serve] of Object.entries(OVERLAPS)) {
    test(`${policy}: two upstreams with ${what}`, { timeout: 400_000 }, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const world = await makeWorld(servers);
        await world.a.serve('own-1', { f: 'only first' });
        await world.b.serve('own-2', { f: 'only second' });
        const served = await serve(world.a, world.b);
        const racers = [
          await racer(world.replica, world.a, 'first', { policy }),
          await racer(world.replica, world.b, 'second', { policy }),
        ];
        for (let again = 0; again < 2; again++) {
          const groups = await race(world.replica, racers, round);
          const here = await assertWhole(world.replica, racers);
          const done = racers.filter((_, at) => groups[at]!.errors.length === 0);
          assert.equal(done.length, 1, groups.map(({ errors }) => errors.join()).join('\n'));
          const failed = groups.find(({ errors }) => errors.length > 0)!;
          assert.match(failed.errors.join('\n'), CONFLICT);
          // The one that failed has nothing here, the other one everything.
          assert.deepEqual([...new Set(here.map(ownerOf))], [done[0]!.id]);
          assert.equal(here.length, 2);
        }
        const [winner] = (await world.replica.get(FILES)).results.map(ownerOf);
        const lost = racers.findIndex(({ id }) => id !== winner);
        await racers[lost]!.peer.remove(served[lost].distribution.pulp_href);
        for (const group of await race(world.replica, racers, round)) assert.deepEqual(group.errors, []);
        assert.equal((await assertWhole(world.replica, racers)).length, 3);
      }
    });
  }

  test(`${policy}: a common owner_key, at once and in turn, with readers all the time`, {
    timeout: 400_000,
  }, async () => {
    const world = await makeWorld(servers);
    const [blue, green] = [await world.a.serve('app', { f: 'blue 0' }), await world.b.serve('app', { f: 'green 0' })];
    const racers = [
      await racer(world.replica, world.a, 'blue', { policy, owner_key: 'app' }),
      await racer(world.replica, world.b, 'green', { policy, owner_key: 'app' }),
    ];
    assert.deepEqual((await world.replica.replicate(racers[0]!.href)).errors, []);
    const seen = new Set<string | number>();
    let reading = true;
    const readers = [1, 2].map(async () => {
      while (reading) seen.add(await world.replica.read('app/f'));
    });
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [at, one] of racers.entries()) {
        assert.deepEqual((await world.replica.replicate(one.href)).errors, []);
        const [distribution] = await assertWhole(world.replica, racers);
        assert.equal(ownerOf(distribution), racers[at]!.id);
      }
      await world.a.publish(blue.repository, { f: `blue ${round}` });
      await world.b.publish(green.repository, { f: `green ${round}` });
      const groups = await race(world.replica, racers, round);
      const failed = groups.filter(({ errors }) => errors.length > 0);
      assert.ok(failed.length <= 1, groups.map(({ errors }) => errors.join()).join('\n'));
      for (const { errors } of failed) assert.match(errors.join('\n'), CONFLICT);
      await assertWhole(world.replica, racers);
    }
    reading = false;
    await Promise.all(readers);
    const wrong = [...seen].filter((one) => !/^(blue|green) \d+$/.test(String(one)));
    assert.deepEqual(wrong, []);
  });
}
