/**
 * Plays the scenarios of flaws with a running Pulp as upstream: `node scripts/replicate-from-pulp.ts URL [F9 F10 …]`, the URL
 * with user and password. That Pulp must have domains; each scenario makes its own there, below
 * the directory that MEDIA_ROOT in the environment names. Not part of `npm test`.
 */
import { test } from 'node:test';
import { ownerScenarios } from '../test/replication/scenarios-owners.ts';
import { pulpScenarios } from '../test/replication/scenarios-pulp.ts';
import { runScenarios } from '../test/replication/scenarios-runs.ts';
import { viewScenarios } from '../test/replication/scenarios-views.ts';
import { runningPeer, startPeer } from '../test/replication/servers.ts';
import { makeWorld } from '../test/replication/world.ts';

const [address, ...chosen] = process.argv.slice(2);
if (!address) throw new Error('Name the Pulp to replicate from: http://user:password@host:port');

/** Of the Pulp, for its domains. */
const storage = { MEDIA_ROOT: process.env.MEDIA_ROOT ?? '/var/lib/pulp/media' };
const upstream = runningPeer(address);
const replica = await startPeer({ settings: { domain_enabled: true, workers: 2, web: 2 } });
const scenarios = { ...ownerScenarios, ...runScenarios, ...viewScenarios, ...pulpScenarios };
for (const [title, scenario] of Object.entries(scenarios)) {
  if (chosen.length > 0 && !chosen.includes(title.split(':')[0]!)) continue;
  test(title, { timeout: 900_000 }, async () => {
    await scenario(await makeWorld({ replica, a: upstream, b: upstream, storage }));
  });
}
