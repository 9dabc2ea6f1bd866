/** Why a task waits: which lock of which earlier task, or that no worker takes it. An addition of this server. */
import { sql } from '../../../db/sql.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { boolean, integer, list, nested, string } from '../../../plugin-api/declare/field.ts';
import type { Action, ActionTarget } from '../../../plugin-api/declare/resource.ts';

/** Locks that are told; of a task behind a long queue only the first are of interest. */
const MOST = 100;

interface LockRow {
  resource: string;
  wants: boolean;
  holds: boolean;
  pulp_id: string;
  name: string;
  state: string;
  mine: boolean;
}

/** In the order of the queue: the first one has to end first. */
function locksBefore({ db, user }: RequestContext, id: unknown): Promise<LockRow[]> {
  return db.rows<LockRow>(sql`
    select wanted.resource, wanted.exclusive as wants, held.exclusive as holds, other.pulp_id, other.name, other.state,
        coalesce(other.created_by = ${user?.id ?? null}::integer, false) as mine
      from task_resource wanted
        join task_resource held on held.resource = wanted.resource and held.task_id < wanted.task_id
          and (wanted.exclusive or held.exclusive)
        join task other on other.id = held.task_id
      where wanted.task_id = ${id} order by held.task_id, wanted.resource limit ${MOST}`);
}

async function reasonOf({ db }: RequestContext, blocked: boolean, row: ActionTarget['row']): Promise<string> {
  if (row.state !== 'waiting') return `The task does not wait: it is ${row.state}.`;
  if (blocked) return 'Earlier tasks hold or wait for what it needs.';
  const workers = await db.row<{ online: number; fitting: number }>(sql`
    select count(*)::int as online,
        count(*) filter (where versions_suffice(t.versions, a.versions))::int as fitting
      from app_status a, task t
      where t.id = ${row.id} and a.app_type = 'worker' and a.last_heartbeat >= now() - make_interval(secs => a.ttl)`);
  if (!workers?.online) return 'No worker is online.';
  if (!workers.fitting) return 'It needs a newer worker than those that are online.';
  return 'It waits for a worker to be free.';
}

async function tell(request: RequestContext, target: ActionTarget): Promise<Answer> {
  const waits = target.row.state === 'waiting';
  const locks = waits ? await locksBefore(request, target.row.id) : [];
  const reason = await reasonOf(request, locks.length > 0, target.row);
  const all = request.user?.isSuperuser === true;
  const shown = locks.map(({ resource, wants, holds, pulp_id, name, state, mine }) => ({
    resource,
    wants_exclusive: wants,
    held_exclusive: holds,
    task_state: state,
    // Of the tasks of others only administrators are told more.
    task: all || mine ? request.href('core.task', pulp_id) : null,
    task_name: all || mine ? name : null,
  }));
  return { status: 200, body: { state: target.row.state, reason, count: shown.length, locks: shown } };
}

const fields = {
  state: string(),
  reason: string({ help: 'Why it waits, in words.' }),
  count: integer({ help: `Locks in the way, ${MOST} at most.` }),
  locks: list(
    nested('TaskLock', {
      resource: string({ help: 'PRN or name of what is locked.' }),
      wants_exclusive: boolean({ help: 'Whether the task wants it for itself alone.' }),
      held_exclusive: boolean({ help: 'Whether the other one has or wants it for itself alone.' }),
      task_state: string({
        help: 'Of the other task: running ones hold the lock, waiting ones are earlier in the queue.',
      }),
      task: string({ help: 'The other task.', format: 'uri', nullable: true }),
      task_name: string({ nullable: true }),
    }),
  ),
};

/** Who may read a task may ask: the action has the name of reading for the access policy. */
export const blockedBy: Action = {
  name: 'retrieve',
  path: 'blocked_by/',
  operationId: 'tasks_blocked_by',
  method: 'get',
  detail: true,
  summary: 'Why a task waits',
  description: 'The locks of earlier tasks that a waiting task has to wait for, in the order of the queue.',
  output: { 200: { component: 'TaskBlockedBy', fields } },
  run: tell,
};
