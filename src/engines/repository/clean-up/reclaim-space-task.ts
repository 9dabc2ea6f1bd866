/** The task that drops bytes which can be fetched again; the units stay and are served on demand (core.md §3.4). */
import { sql } from '../../../db/sql.ts';
import { findUnusedArtifacts } from '../../../model/content/orphans.ts';
import { cutLinks, findReclaimable, foreseeReclaim, type ReclaimScope } from '../../../model/content/reclaim.ts';
import { announceContentChange } from '../../../model/repositories/repository.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';
import type { ContentRegistry } from '../content-registry.ts';
import { removeArtifacts } from './remove-artifacts.ts';

interface ReclaimArgs {
  /** pulp_ids. */
  readonly repositories: readonly string[];
  readonly keep_versions?: readonly string[];
  readonly dry_run?: boolean;
}

const BATCH = 1000;

export function reclaimSpaceTask(types: ContentRegistry): TaskFunction {
  return {
    name: 'pulpcore.app.tasks.reclaim_space.reclaim_space',
    async run(context, args: ReclaimArgs) {
      const scope = await scopeOf(context, types, args);
      if (args.dry_run) return await foreseeReclaim(context.db, scope);
      const report = context.progress({ message: 'Reclaim disk space', code: 'reclaim-space.artifact', total: 0 });
      for (let after = 0; ; ) {
        context.signal.throwIfAborted();
        const links = await findReclaimable(context.db, scope, after, BATCH);
        if (links.length === 0) break;
        after = links.at(-1)!.id;
        const count = await reclaim(context, scope, links);
        report.total = (report.total ?? 0) + count;
        report.add(count);
      }
      if (report.done > 0) await context.write((tx) => announceContentChange(tx, scope.repositoryIds));
      report.finish();
      return undefined;
    },
  };
}

async function scopeOf(context: TaskContext, types: ContentRegistry, args: ReclaimArgs): Promise<ReclaimScope> {
  const { db, domain } = context;
  const repositories = await db.rows<{ id: number }>(
    sql`select id from repository where pulp_id = any(${args.repositories}::uuid[]) and domain_id = ${domain.id}`,
  );
  const versions = await db.rows<{ id: number }>(
    sql`select id from repository_version where pulp_id = any(${args.keep_versions ?? []}::uuid[])`,
  );
  return {
    domainId: domain.id,
    repositoryIds: repositories.map((row) => row.id),
    keptVersionIds: versions.map((row) => row.id),
    contentTypes: types.contentTypes.filter((type) => !type.protectedFromReclaim).map((type) => type.pulpType),
  };
}

async function reclaim(
  context: TaskContext,
  scope: ReclaimScope,
  links: Awaited<ReturnType<typeof findReclaimable>>,
): Promise<number> {
  await context.write((tx) =>
    cutLinks(
      tx,
      scope,
      links.map((link) => link.id),
    ),
  );
  const artifactIds = [...new Set(links.map((link) => link.artifactId))];
  const everything = { domainId: scope.domainId, before: 'infinity', contentPulpIds: null, naming: [] };
  const unused = await findUnusedArtifacts(context.db, everything, 0, artifactIds.length, artifactIds);
  return (await removeArtifacts(context, unused)).count;
}
