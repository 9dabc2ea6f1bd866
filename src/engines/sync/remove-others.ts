/** What a mirror has and upstream does not name goes, but never so much of it that upstream must have answered wrongly. */
import { PulpError } from '../../lib/errors.ts';
import type { IdList } from '../../lib/text/id-list.ts';
import { openContentIds } from '../../model/repositories/membership.ts';
import { latestVersion } from '../../model/repositories/repository-version.ts';
import type { SyncContext, SyncedUnits } from '../../plugin-api/contracts/sync.ts';
import type { ProgressReport } from '../../plugin-api/contracts/task.ts';
import type { NewVersion } from '../repository/versions/with-new-version.ts';

/** So few units may go whatever their share is: small repositories change as a whole. */
const FEW = 100;

interface Removal {
  readonly seen: IdList;
  /** Of the units that were there, in percent; 100 sets no bound. */
  readonly bound: number;
  readonly report: ProgressReport;
  readonly spares: SyncedUnits['spares'];
}

/** Throws PulpError where more would go than the bound allows: then the version is not made, and nothing is removed. */
export async function removeOthers(context: SyncContext, version: NewVersion, removal: Removal): Promise<void> {
  const { seen, bound, report, spares } = removal;
  const before = bound < 100 ? await unitsBefore(context, version.repositoryId) : 0;
  let removed = 0;
  for await (const batch of openContentIds(context.db, version.repositoryId)) {
    const unseen = batch.filter((id) => !seen.has(id));
    const spared = unseen.length > 0 && spares ? new Set(await spares(unseen)) : undefined;
    const gone = spared ? unseen.filter((id) => !spared.has(id)) : unseen;
    removed += gone.length;
    if (bound < 100 && removed > FEW && removed > (before * bound) / 100) throw tooMany(before, bound);
    if (gone.length > 0) report.add(await version.remove(gone));
  }
}

async function unitsBefore(context: SyncContext, repositoryId: number): Promise<number> {
  const { counts } = await latestVersion(context.db, repositoryId);
  return Object.values(counts.present).reduce((sum, count) => sum + count, 0);
}

function tooMany(before: number, bound: number): PulpError {
  const what = `The mirror would lose more than ${bound} % of its ${before} units, so nothing was changed.`;
  const remedy = 'If upstream is right, sync without mirror, or with a higher sync_max_removed_percent.';
  return new PulpError('PLP0000', `${what} ${remedy}`);
}
