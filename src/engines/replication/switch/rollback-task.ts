/** Takes a run back: former pointers, names and base paths return in one transaction, as long as what they name is there. */
import type { Transaction } from '../../../db/database.ts';
import { violatedUnique } from '../../../db/errors.ts';
import { sql } from '../../../db/sql.ts';
import { bringBack } from '../../../model/replication/kept-stores.ts';
import { findRun, noteRolledBack, type Run } from '../../../model/replication/run.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';
import { replicationFailed } from '../run/report.ts';
import { ROLL_BACK } from '../run/run-tasks.ts';
import type { DistributionValues, Target } from '../run/targets.ts';
import { ChangedMeanwhile, changeDistributions, type DistributionChange } from './activate.ts';
import { explainOverlap } from './explain-overlap.ts';
import { requireAnnounced, switchTogether } from './switch-mark.ts';

interface ActiveItem {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly act: string;
  readonly target: Target;
}

export const rollbackTask: TaskFunction = {
  name: ROLL_BACK,
  async run(context, { run: runId }: { run: string }) {
    const run = await findRun(context.db, runId);
    if (!run) throw new Error('The run has been deleted.');
    const items = await activeItems(context, run);
    const current = await currentValues(context, items);
    const changes = items.map((item) => changeBack(item, current));
    await requireFormer(context, changes);
    try {
      await switchTogether(context.db, context.domain.id, () =>
        context.write((tx) => takeBack(tx, context, run, changes)),
      );
    } catch (error) {
      if (error instanceof ChangedMeanwhile) throw refused([`${error.message}`]);
      if (violatedUnique(error) !== undefined) throw refused(await explainOverlap(context, changes));
      throw error;
    }
  },
};

async function activeItems({ db }: TaskContext, run: Run): Promise<ActiveItem[]> {
  return await db.rows<ActiveItem>(sql`select id, name, type, act, target from replication_item
    where run_id = ${run.id} and state = 'active' and object = 'distribution' order by id`);
}

async function currentValues(
  { db }: TaskContext,
  items: readonly ActiveItem[],
): Promise<Map<string, DistributionValues>> {
  const ids = items.map(({ target }) => target.distribution);
  const rows = await db.rows<DistributionValues & { pulp_id: string }>(sql`
    select pulp_id, name, base_path, pulp_labels, hidden, content_guard_id, details, repository_id, repository_version_id,
      publication_id, pinned_publication_id from distribution where pulp_id = any(${ids}::uuid[])`);
  return new Map(rows.map(({ pulp_id, ...values }) => [pulp_id, values as DistributionValues]));
}

/** From what there is now to what there was; refused when it is not what the run has left. */
function changeBack(item: ActiveItem, current: ReadonlyMap<string, DistributionValues>): DistributionChange {
  const { target, type, name, act } = item;
  const id = String(target.distribution);
  const label = `${type} distribution '${name}'`;
  const now = current.get(id) ?? null;
  const left =
    act === 'delete' ? now === null : now?.name === target.after?.name && now?.base_path === target.after?.base_path;
  if (!left) throw refused([`${label} was changed since`]);
  return { id, type, label, before: now, after: target.before ?? null };
}

/** Everything former pointers name must still be there. */
async function requireFormer({ db }: TaskContext, changes: readonly DistributionChange[]): Promise<void> {
  const wanted = changes.flatMap(({ label, after }) =>
    after
      ? [
          { label, master: 'version', id: after.repository_version_id },
          { label, master: 'publication', id: after.publication_id ?? after.pinned_publication_id },
          { label, master: 'repository', id: after.repository_id },
        ].filter(({ id }) => id !== null)
      : [],
  );
  const missing = await db.rows<{ label: string; master: string }>(sql`
    select w.label, w.master from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as w (label text, master text, id uuid)
    where case w.master when 'version' then not exists (select from repository_version v where v.pulp_id = w.id)
      when 'publication' then not exists (select from publication p where p.pulp_id = w.id)
      else not exists (select from repository r where r.pulp_id = w.id) end order by w.label`);
  if (missing.length === 0) return;
  throw refused(missing.map(({ label, master }) => `the ${master} that ${label} served before is gone`));
}

function refused(reasons: readonly string[]): Error {
  return replicationFailed(`the run cannot be taken back:\n${reasons.map((one) => `  ${one}`).join('\n')}`, {
    reasons,
  });
}

async function takeBack(tx: Transaction, context: TaskContext, run: Run, changes: readonly DistributionChange[]) {
  await requireAnnounced(tx, context.domain.id);
  await bringBack(tx, run.id);
  await changeDistributions(tx, context.domain.id, changes);
  await noteRolledBack(tx, run.id);
}
