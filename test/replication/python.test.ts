/** Replication of Python indexes between servers of ours, with and without domains. */
import { test } from 'node:test';
import { followIndex } from './follow-index.ts';
import { startPeer } from './servers.ts';

test('an index is followed', { timeout: 200_000 }, async () => {
  const [upstream, replica] = await Promise.all([startPeer(), startPeer()]);
  await followIndex(upstream, replica);
});

test('an index is followed from one domain to another', { timeout: 200_000 }, async () => {
  const settings = { domain_enabled: true };
  const [upstream, replica] = await Promise.all([startPeer({ settings }), startPeer({ settings })]);
  await followIndex(await upstream.inNewDomain('there'), await replica.inNewDomain('here'));
});
