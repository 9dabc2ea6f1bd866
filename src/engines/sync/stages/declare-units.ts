/** First stage: what the plugin finds upstream, unit by unit. */
import type { BoundedChannel } from '../../../lib/flow/bounded.ts';
import type { DeclaredContent } from '../../../plugin-api/contracts/declared-content.ts';
import type { DeclaredUnits } from '../../../plugin-api/contracts/sync.ts';
import { namedDeclarations } from '../../repository/unit-of.ts';
import { type SyncUnit, syncUnit } from '../units.ts';

/**
 * Fills the channel; when that is failed meanwhile, the source is told to end. Units that others name come before those, so that they are
 * fetched like all: each declared object once, however many name it.
 */
export async function declareUnits(units: DeclaredUnits, channel: BoundedChannel<SyncUnit>): Promise<void> {
  const told = new WeakSet<DeclaredContent>();
  const put = async (declared: DeclaredContent): Promise<void> => {
    const named = namedDeclarations(declared);
    for (const one of named) {
      if (told.has(one)) continue;
      told.add(one);
      await put(one);
    }
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
