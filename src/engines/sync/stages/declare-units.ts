/** First stage: what the plugin finds upstream, unit by unit. */
import type { BoundedChannel } from '../../../lib/flow/bounded.ts';
import type { DeclaredContent } from '../../../plugin-api/contracts/declared-content.ts';
import type { DeclaredUnits } from '../../../plugin-api/contracts/sync.ts';
import { namedDeclarations } from '../../repository/unit-of.ts';
import { type SyncUnit, syncUnit } from '../units.ts';

/**
 * Fills the channel; when that is failed meanwhile, the source is told to end. Units that others name come before those, so that they are
 * fetched like all: each declared object once, however many name it and whether it comes by itself too.
 */
export async function declareUnits(units: DeclaredUnits, channel: BoundedChannel<SyncUnit>): Promise<void> {
  const told = new WeakSet<DeclaredContent>();
  const put = async (declared: DeclaredContent): Promise<void> => {
    if (told.has(declared)) return;
    told.add(declared);
    for (const one of namedDeclarations(declared)) await put(one);
    await channel.put(syncUnit(declared));
  };
  for await (const some of units) {
    if (!isMany(some)) await put(some);
    else for (const declared of some) await put(declared);
  }
}

function isMany(value: DeclaredContent | readonly DeclaredContent[]): value is readonly DeclaredContent[] {
  return Array.isArray(value);
}
