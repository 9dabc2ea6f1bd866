/** The tasks that look for missing and damaged files and fetch them again (core.md §3.4). */
import { sql } from '../../../db/sql.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { forEachConcurrent } from '../../../lib/flow/map-concurrent.ts';
import { type StoredArtifact, storedArtifacts } from '../../../model/content/stored-artifacts.ts';
import { announceChanges } from '../../../model/repositories/distribution-change.ts';
import type { VersionPlace } from '../../../model/repositories/membership.ts';
import { findVersionById } from '../../../model/repositories/repository-version.ts';
import type { ProgressReport, TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';
import { ArtifactMender } from './artifact-mender.ts';

interface RepairArgs {
  readonly verify_checksums?: boolean;
  /** Only tells what is wrong. */
  readonly dry_run?: boolean;
}

const FILES_AT_ONCE = 4;

const repairAll: TaskFunction = {
  name: 'pulpcore.app.tasks.repository.repair_all_artifacts',
  run: (context, args: RepairArgs) => repair(context, null, args),
};

const repairVersion: TaskFunction = {
  name: 'pulpcore.app.tasks.repository.repair_version',
  async run(context, args: RepairArgs & { repository_version: string }) {
    const version = await findVersionById(context.db, context.domain.id, args.repository_version);
    if (!version) throw ValidationError.field('repository_version', 'Invalid hyperlink - Object does not exist.');
    return await repair(context, version, args);
  },
};

export const repairTasks: readonly TaskFunction[] = [repairAll, repairVersion];

type Reports = Record<'missing' | 'corrupted' | 'repaired' | 'unrepairable', ProgressReport>;

async function repair(context: TaskContext, version: VersionPlace | null, args: RepairArgs): Promise<unknown> {
  const reports: Reports = {
    repaired: context.progress({ message: 'Repair corrupted units', code: 'repair.repaired' }),
    corrupted: context.progress({ message: 'Identify corrupted units', code: 'repair.corrupted' }),
    missing: context.progress({ message: 'Identify missing units', code: 'repair.missing' }),
    unrepairable: context.progress({ message: 'Units that cannot be repaired', code: 'repair.unrepairable' }),
  };
  const mender = new ArtifactMender(context, args.verify_checksums !== false);
  try {
    for await (const batch of storedArtifacts(context.db, context.domain.id, version)) {
      context.signal.throwIfAborted();
      const changed = reports.repaired.done + reports.unrepairable.done;
      await forEachConcurrent(batch, FILES_AT_ONCE, (artifact) =>
        mend(mender, reports, artifact, args.dry_run === true),
      );
      if (reports.repaired.done + reports.unrepairable.done > changed) await announceMended(context);
    }
  } finally {
    await mender.close();
  }
  for (const report of Object.values(reports)) report.finish();
  const { missing, corrupted } = reports;
  return args.dry_run ? { missing: missing.done, corrupted: corrupted.done } : undefined;
}

/** What processes know of the files of the domain, bytes of small ones too, is looked up anew. */
async function announceMended({ domain, write }: TaskContext): Promise<void> {
  await write((tx) => announceChanges(tx, sql`d.domain_id = ${domain.id}`));
}

async function mend(mender: ArtifactMender, reports: Reports, artifact: StoredArtifact, look: boolean): Promise<void> {
  const state = await mender.inspect(artifact);
  if (state === 'fine') return;
  reports[state].add(1);
  if (look) return;
  const repaired = await mender.restore(artifact, state);
  reports[repaired ? 'repaired' : 'unrepairable'].add(1);
}
