/** Last stage: finds or makes the units and adds them to the new version, a batch in one transaction. */
import type { Transaction } from '../../../db/database.ts';
import { findContent, saveContent, touchContent, type Unit } from '../../../model/content/content.ts';
import { type ArtifactSource, holdArtifacts } from '../../../model/content/content-artifact.ts';
import { withNamed } from '../../../model/content/named-units.ts';
import type { DeclaredArtifact } from '../../../plugin-api/contracts/declared-content.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import { unitOf } from '../../repository/unit-of.ts';
import type { NewVersion } from '../../repository/versions/with-new-version.ts';
import type { SyncUnit } from '../units.ts';

export interface SaveTarget {
  readonly context: TaskContext;
  readonly version: NewVersion;
  readonly remoteId: string;
  /** What is saved is a source for other repositories. */
  readonly alternate: boolean;
}

/** Answers how many units the version has gained, and tells `seen` the id of each one. */
export async function saveBatch(
  target: SaveTarget,
  batch: readonly SyncUnit[],
  seen: (id: number) => void,
): Promise<number> {
  const { context, version } = target;
  const source = (artifact: DeclaredArtifact): ArtifactSource | undefined =>
    artifact.url === undefined
      ? undefined
      : {
          remoteId: target.remoteId,
          url: artifact.url,
          size: artifact.size,
          digests: artifact.digests,
          alternate: target.alternate,
          headers: artifact.headers,
        };
  const units = batch.map((unit) => toRow(unit, source));
  await findContent(context.db, context.domain.id, units);
  // Everything in one transaction: units that are saved but in no version yet could be removed as orphans.
  const gained = await context.write((tx) => saveAndAdd(tx, context.domain.id, version, units));
  for (const unit of withNamed(units)) seen(unit.id!);
  return gained;
}

function toRow(unit: SyncUnit, source: (artifact: DeclaredArtifact) => ArtifactSource | undefined): Unit {
  const row = unitOf(unit.declared, { source });
  const artifacts = row.artifacts.map((artifact, at) => ({ ...artifact, artifactId: unit.artifacts[at]!.artifactId }));
  return { ...row, artifacts };
}

async function saveAndAdd(
  tx: Transaction,
  domainId: number,
  version: NewVersion,
  units: readonly Unit[],
): Promise<number> {
  await holdArtifacts(tx, units);
  const saved = withNamed(await saveContent(tx, domainId, units));
  const gained = await version.addIn(tx, saved);
  const reused = gained === 0 ? [] : saved.filter((unit) => unit.existed).map((unit) => unit.id);
  if (reused.length > 0) await touchContent(tx, reused);
  return gained;
}
