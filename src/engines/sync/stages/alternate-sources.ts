/** Finds other places for bytes that must be fetched: alternate content sources of the domain that list the same digest. */
import type { Queryable } from '../../../db/database.ts';
import { alternateSources, hasAlternateSources } from '../../../model/content/remote-artifact.ts';
import { isWanted, type SyncUnit } from '../units.ts';

export async function* alternateSourcesStage(
  db: Queryable,
  domainId: number,
  batches: AsyncIterable<SyncUnit[]>,
): AsyncGenerator<SyncUnit[]> {
  const some = await hasAlternateSources(db, domainId);
  for await (const batch of batches) {
    if (some) await nameSources(db, domainId, batch);
    yield batch;
  }
}

async function nameSources(db: Queryable, domainId: number, units: readonly SyncUnit[]): Promise<void> {
  const wanted = units.flatMap((unit) => unit.artifacts).filter((one) => isWanted(one) && one.declared.digests?.sha256);
  if (wanted.length === 0) return;
  const sources = await alternateSources(db, domainId, [
    ...new Set(wanted.map((one) => one.declared.digests!.sha256!)),
  ]);
  for (const artifact of wanted) artifact.alternates = sources.get(artifact.declared.digests!.sha256!) ?? [];
}
