/** First stage: what the plugin finds upstream, in batches of what there is. */
import type { BoundedChannel } from '../../../lib/flow/bounded.ts';
import type { DeclaredContent } from '../../../plugin-api/contracts/declared-content.ts';
import type { SyncEnd } from '../../../plugin-api/contracts/sync.ts';
import { type SyncUnit, syncUnit } from '../units.ts';

export type Declarations = AsyncGenerator<DeclaredContent | readonly DeclaredContent[], SyncEnd>;
type Declared = DeclaredContent | readonly DeclaredContent[];

/** Fills the channel from the generator, whose first item was taken already; answers what it returns. */
export async function declareUnits(
  first: IteratorResult<Declared, SyncEnd>,
  generator: Declarations,
  channel: BoundedChannel<SyncUnit>,
): Promise<SyncEnd> {
  let finished = false;
  try {
    let next = first;
    for (; !next.done; next = await generator.next()) await put(channel, next.value);
    finished = true;
    return next.value;
  } finally {
    if (!finished) await generator.return({});
  }
}

async function put(channel: BoundedChannel<SyncUnit>, value: Declared): Promise<void> {
  if (isMany(value)) for (const declared of value) await channel.put(syncUnit(declared));
  else await channel.put(syncUnit(value));
}

function isMany(value: Declared): value is readonly DeclaredContent[] {
  return Array.isArray(value);
}
