/** Links what the domain has already: bytes by sha256, and for artifacts without one, what the unit has. */
import type { Queryable } from '../../../db/database.ts';
import { findArtifacts } from '../../../model/content/artifact.ts';
import { findContent } from '../../../model/content/content.ts';
import { artifactsOfUnits } from '../../../model/content/content-artifact.ts';
import { unitOf } from '../../repository/unit-of.ts';
import { isLacking, isWanted, type SyncArtifact, type SyncUnit } from '../units.ts';

export async function* findArtifactsStage(
  db: Queryable,
  domainId: number,
  batches: AsyncIterable<SyncUnit[]>,
): AsyncGenerator<SyncUnit[]> {
  for await (const batch of batches) {
    await linkBySha256(db, domainId, batch);
    await linkByUnit(db, domainId, batch);
    yield batch;
  }
}

async function linkBySha256(db: Queryable, domainId: number, units: readonly SyncUnit[]): Promise<void> {
  const wanted = new Map<string, SyncArtifact[]>();
  for (const unit of units) {
    for (const artifact of unit.artifacts) {
      const sha256 = artifact.declared.digests?.sha256;
      if (!sha256 || !isLacking(artifact)) continue;
      const same = wanted.get(sha256);
      if (same) same.push(artifact);
      else wanted.set(sha256, [artifact]);
    }
  }
  const found = await findArtifacts(db, domainId, [...wanted.keys()]);
  for (const [sha256, { id }] of found) for (const artifact of wanted.get(sha256)!) artifact.artifactId = id;
}

/** Without a sha256 only the unit itself tells whether its bytes were fetched before. */
async function linkByUnit(db: Queryable, domainId: number, units: readonly SyncUnit[]): Promise<void> {
  const asking = units.filter(
    ({ declared, artifacts }) =>
      !declared.complete && artifacts.some((one) => isWanted(one) && !one.declared.digests?.sha256),
  );
  if (asking.length === 0) return;
  const known = asking.map((unit) => ({ unit, row: unitOf(unit.declared) }));
  await findContent(
    db,
    domainId,
    known.map(({ row }) => row),
  );
  const there = known.filter(({ row }) => row.id !== undefined);
  const artifacts = await artifactsOfUnits(
    db,
    there.map(({ row }) => row.id!),
  );
  for (const { unit, row } of there) {
    const paths = artifacts.get(row.id!);
    for (const artifact of unit.artifacts) {
      if (isWanted(artifact)) artifact.artifactId = paths?.get(artifact.declared.relativePath) ?? null;
    }
  }
}
