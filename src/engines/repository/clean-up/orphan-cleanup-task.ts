/** The task that removes orphaned units and unused artifacts (core.md §3.4). */
import {
  findOrphans,
  findUnusedArtifacts,
  type OrphanScope,
  orphanCutoff,
  removeOrphans,
} from '../../../model/content/orphans.ts';
import { removeStalePublications } from '../../../model/repositories/publication.ts';
import { removeReleased } from '../../../model/repositories/sub-repository.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';
import type { ContentRegistry } from '../content-registry.ts';
import { foreseeCleanup } from './foresee-cleanup.ts';
import { removeArtifacts } from './remove-artifacts.ts';

export interface OrphanCleanupArgs {
  /** pulp_ids of the units to look at; null for all. */
  readonly content?: readonly string[] | null;
  /** Minutes; null for the setting. */
  readonly orphan_protection_time?: number | null;
  /** Only tells what would go. */
  readonly dry_run?: boolean;
}

const BATCH = 1000;

export function orphanCleanupTask(types: ContentRegistry): TaskFunction {
  return {
    name: 'pulpcore.app.tasks.orphan.orphan_cleanup',
    /** A schedule gives no arguments. */
    async run(context, given: OrphanCleanupArgs | null) {
      const args = given ?? {};
      const { domain, settings, task } = context;
      const minutes = args.orphan_protection_time ?? settings.orphanProtectionTime;
      const before = await orphanCutoff(context.db, domain.id, minutes, task.id);
      const scope: OrphanScope = { domainId: domain.id, before, contentPulpIds: args.content ?? null };
      if (args.dry_run) return await foreseeCleanup(context.db, scope);
      const artifactIds = await cleanUpContent(context, scope, types);
      await cleanUpArtifacts(context, scope, scope.contentPulpIds ? artifactIds : null);
      if (!scope.contentPulpIds) await context.write((tx) => removeStalePublications(tx, domain.id));
      return undefined;
    },
  };
}

/** Answers the artifacts of the removed units, as far as they matter. */
async function cleanUpContent(context: TaskContext, scope: OrphanScope, types: ContentRegistry): Promise<number[]> {
  const report = context.progress({ message: 'Clean up orphan Content', code: 'clean-up.content', total: 0 });
  const artifactIds: number[] = [];
  for (let after = 0; ; ) {
    context.signal.throwIfAborted();
    const ids = await findOrphans(context.db, scope, after, BATCH);
    if (ids.length === 0) {
      // Units that are gone may have been the last to refer to a repository, whose own units are orphans then.
      if (scope.contentPulpIds || (await context.write((tx) => removeReleased(tx, scope.domainId))) === 0) break;
      after = 0;
      continue;
    }
    after = ids.at(-1)!;
    const removed = await context.write((tx) => removeOrphans(tx, scope, ids, types.contentTypes));
    report.total = (report.total ?? 0) + removed.count;
    report.add(removed.count);
    if (scope.contentPulpIds) artifactIds.push(...removed.artifactIds);
  }
  report.finish();
  return artifactIds;
}

async function cleanUpArtifacts(
  context: TaskContext,
  scope: OrphanScope,
  among: readonly number[] | null,
): Promise<void> {
  const report = context.progress({ message: 'Clean up orphan Artifacts', code: 'clean-up.artifacts', total: 0 });
  for (let after = 0; among === null || among.length > 0; ) {
    context.signal.throwIfAborted();
    const artifacts = await findUnusedArtifacts(context.db, scope, after, BATCH, among);
    if (artifacts.length === 0) break;
    after = artifacts.at(-1)!.id;
    const { count } = await removeArtifacts(context, artifacts);
    report.total = (report.total ?? 0) + count;
    report.add(count);
  }
  report.finish();
}
