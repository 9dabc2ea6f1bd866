/** The task that removes orphaned units and unused artifacts (core.md §3.4). */
import { namesOf } from '../../../model/content/natural-key.ts';
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

interface OrphanCleanupArgs {
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
      const scope: OrphanScope = {
        domainId: domain.id,
        before,
        contentPulpIds: args.content ?? null,
        naming: types.contentTypes,
      };
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
  let removed = 0;
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    context.signal.throwIfAborted();
    const ids = await findOrphans(context.db, scope, before, BATCH);
    if (ids.length === 0) {
      if (!(await hasMore(context, scope, types, removed))) break;
      before = Number.MAX_SAFE_INTEGER;
      removed = 0;
      continue;
    }
    before = ids.at(-1)!;
    const gone = await context.write((tx) => removeOrphans(tx, scope, ids, types.contentTypes));
    removed += gone.count;
    report.total = (report.total ?? 0) + gone.count;
    report.add(gone.count);
    if (scope.contentPulpIds) artifactIds.push(...gone.artifactIds);
  }
  report.finish();
  return artifactIds;
}

/** Units that are gone may have been the last to name others, or to refer to a repository, whose own units are orphans then. */
async function hasMore(
  context: TaskContext,
  scope: OrphanScope,
  types: ContentRegistry,
  removed: number,
): Promise<boolean> {
  if (removed > 0 && types.contentTypes.some((type) => namesOf(type).size > 0)) return true;
  return scope.contentPulpIds === null && (await context.write((tx) => removeReleased(tx, scope.domainId))) > 0;
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
