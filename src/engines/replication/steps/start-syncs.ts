/** Starts one task of the type's own sync for each item that is not here, all in the group of the run. */
import { sql } from '../../../db/sql.ts';
import { forEachConcurrent } from '../../../lib/flow/map-concurrent.ts';
import { noteSyncStarted } from '../../../model/replication/item.ts';
import { openGroupProgress } from '../../../model/tasks/task-group.ts';
import type { PlanItem } from '../plan/plan-types.ts';
import type { ReplicationParts } from '../replication-parts.ts';
import { itemIds, storesOfItems } from '../run/items.ts';
import { upstreamPrn } from '../run/run-tasks.ts';
import type { Here, Step } from './step.ts';

const DISPATCHED_AT_ONCE = 4;

/** The next round comes after them. */
export const startSyncs: Step<'fetching'> = async (here, { stale }) => {
  const { context, parts, upstream, run, round } = here;
  const ids = await itemIds(context.db, run.id);
  const message = 'Syncing repositories';
  const total = await totalSyncs(here, stale);
  await openGroupProgress(context.db, run.group, { code: 'replicate.sync', message, total });
  const stores = await storesOfItems(context.db, run.id);
  await forEachConcurrent(stale, DISPATCHED_AT_ONCE, async (item) => {
    const { id } = ids.get(item.key)!;
    const { repository, remote } = stores.get(item.key)!;
    const type = item.wanted!.repositoryType;
    const record = { item: id, publish: servesPublications(parts, item) };
    const task = await context.dispatch({
      name: parts.syncTasks.get(type)!,
      args: { repository, remote, options: item.wanted!.sync, record },
      exclusive: [context.models.prnOfType('repository', type, repository)],
      shared: [context.models.prnOfType('remote', item.wanted!.remoteType, remote), upstreamPrn(upstream.id)],
      taskGroup: run.group,
    });
    await noteSyncStarted(context.db, id, task.pulpId);
  });
  return { state: 'queued', round: round + 1 };
};

function servesPublications({ replicators }: ReplicationParts, { type }: PlanItem): boolean {
  return replicators.some(({ distribution }) => distribution.pulpType === type && distribution.servesPublications);
}

async function totalSyncs({ context, run }: Here, items: readonly PlanItem[]): Promise<number> {
  const row = await context.db.row<{ done: number }>(sql`
    select coalesce(max(done), 0)::integer as done from group_progress_report
      where task_group_id = ${run.group} and code = 'replicate.sync'`);
  return row!.done + items.length;
}
