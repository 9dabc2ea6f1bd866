/** What only a Pulp with package types that this server lacks can show. */
import assert from 'node:assert/strict';
import { followIndex } from './follow-index.ts';
import type { Scenarios } from './world.ts';

export const pulpScenarios: Scenarios = {
  'python: an index is followed': ({ replica, a }) => followIndex(a, replica),

  'plugin_missing: distributions of a package type that is not here are named': async ({ replica, a }) => {
    await a.serve('plain', { f: 'plain' });
    const repository = await a.make('repositories/gem/gem/', { name: 'gems' });
    await a.make('distributions/gem/gem/', { name: 'gems', base_path: 'gems', repository: repository.pulp_href });
    const href = await replica.upstream(a);
    const result = await replica.replicate(href);
    assert.match(
      result.errors.join(),
      /plugin_missing: gem\.gem distribution 'gems' at 'gems' against gem; remedy: install/,
    );
    assert.deepEqual(await replica.names(), []);
    await replica.change(href, { on_failure: 'exclude' });
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal((await replica.lastRun(href)).state, 'partial');
    assert.equal(await replica.read('plain/f'), 'plain');
  },
};
