/**
 * Asks this server and the peer the same things of the same Python packages and shows where their answers differ, beyond what
 * compare-python/explained.ts explains. Run: `node scripts/compare-python.ts <our URL> <user:password> <URL of the peer> <user:password>`,
 * with the peer's PYPI_API_HOSTNAME set to its URL, caches on and ORPHAN_PROTECTION_TIME 0 on both sides.
 */
import { Comparison, fillIndex, makeWorld } from './compare-python/comparison.ts';
import { compareLive } from './compare-python/live.ts';
import { compareProvenance } from './compare-python/provenance.ts';
import { comparePublished } from './compare-python/published.ts';
import { comparePulled } from './compare-python/pulled.ts';
import { compareRemotes } from './compare-python/remotes.ts';
import { compareRules } from './compare-python/rules.ts';
import { Side } from './compare-python/side.ts';
import { compareUnits } from './compare-python/units.ts';

const [ourUrl, ourAccount, peerUrl, peerAccount, only] = process.argv.slice(2);
if (!ourUrl || !ourAccount || !peerUrl || !peerAccount) throw new Error('Give two URLs, each with its user:password');
const comparison = new Comparison(new Side(ourUrl, ourAccount), new Side(peerUrl, peerAccount));
const world = await makeWorld(comparison);
const parts = {
  compareLive,
  compareUnits,
  compareRules,
  compareProvenance,
  compareRemotes,
  comparePublished,
  comparePulled,
};
const chosen = only?.split(',');
if (chosen && !chosen.includes('compareLive')) await fillIndex(comparison, world);
for (const [name, part] of Object.entries(parts)) if (!chosen || chosen.includes(name)) await part(comparison, world);
world.upstream.close();
for (const [reason, count] of comparison.explained) process.stdout.write(`\n${count} times: ${reason}`);
process.stdout.write(`\n${comparison.asked} questions, ${comparison.open} answered differently without a reason\n`);
