/** The task of users' schedules: does by the API what the schedule says, with the rights of who has made it. */
import { userOfTask } from '../../access/task-user.ts';
import type { ScheduleOperation } from '../../api/resources/tasks/task-schedules.ts';
import { sql } from '../../db/sql.ts';
import { PulpError } from '../../lib/errors.ts';
import type { User } from '../../plugin-api/contracts/context.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import type { Program } from './program.ts';

interface ScheduleRow {
  readonly name: string;
  readonly operation: ScheduleOperation;
  readonly target: string | null;
  readonly options: Readonly<Record<string, unknown>>;
}

interface Request {
  /** Below the prefix of the API. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The result is the answer of the API; what it starts becomes a child of this task. */
export const scheduledTask = (program: Program): TaskFunction => ({
  name: 'deckle.app.tasks.schedule.perform',
  run: (context, args: { schedule: string }) => perform(context, program, args.schedule),
});

async function perform(context: TaskContext, program: Program, id: string): Promise<unknown> {
  const schedule = await context.db.row<ScheduleRow>(
    sql`select name, operation, target, options from task_schedule where pulp_id = ${id}::uuid`,
  );
  if (!schedule) return null;
  const { requestPerformer } = await import('./api.ts');
  const { path, body } = requestOf(context, program, schedule);
  const user = await userOf(context, schedule);
  const { domain, dispatch } = context;
  const answer = await requestPerformer(program, context)({ path, body, user, domain, dispatch });
  return answer.body ?? null;
}

function requestOf(context: TaskContext, program: Program, schedule: ScheduleRow): Request {
  const { name, operation, target, options } = schedule;
  if (operation === 'orphan_cleanup') return { path: 'orphans/cleanup/', body: options };
  const [, label = '', id = ''] = (target ?? '').split(':');
  const model = context.models.byLabel(label);
  if (!model)
    throw new PulpError('PLP0000', `The target of the schedule “${name}” is of a type that is not installed.`);
  if (operation !== 'publish') return { path: `${model.path}/${id}/${operation}/`, body: options };
  const publication = publicationOf(program, model.pulpType);
  if (!publication) throw new PulpError('PLP0000', `The target of the schedule “${name}” has no publications.`);
  return { path: `${publication.path}/`, body: { repository: target, ...options } };
}

/** The kind of publication that a type of repositories makes by default. */
function publicationOf({ types, models }: Program, repositoryType = ''): Model | undefined {
  const { publicationType } = types.repositoryType(repositoryType);
  return publicationType === undefined ? undefined : models.byType('publication', publicationType);
}

async function userOf(context: TaskContext, { name }: ScheduleRow): Promise<User> {
  const user = await userOfTask(context);
  if (user) return user;
  throw new PulpError('PLP0000', `Nobody with an active account has made the schedule “${name}”.`);
}
