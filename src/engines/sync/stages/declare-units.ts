/** First stage: what the plugin finds upstream, unit by unit. */
import type { BoundedChannel } from '../../../lib/flow/bounded.ts';
import type { DeclaredContent } from '../../../plugin-api/contracts/declared-content.ts';
import type { DeclaredUnits } from '../../../plugin-api/contracts/sync.ts';
import { type SyncUnit, syncUnit } from '../units.ts';

/** Fills the channel; when that is failed meanwhile, the source is told to end. */
export async function declareUnits(units: DeclaredUnits, channel: BoundedChannel<SyncUnit>): Promise<void> {
  for await (const some of units) {
    if (!isMany(some)) await channel.put(syncUnit(some));
    else for (const declared of some) await channel.put(syncUnit(declared));
  }
}

function isMany(value: DeclaredContent | readonly DeclaredContent[]): value is readonly DeclaredContent[] {
  return Array.isArray(value);
}
