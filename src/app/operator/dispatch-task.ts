/** Dispatches tasks for tests from outside, in the words of Pulp's own function; only with the setting test_tasks. */
import { presenterFor } from '../../api/engine/presenter.ts';
import { sql } from '../../db/sql.ts';
import { withCorrelationId } from '../../lib/process/correlation.ts';
import { createTaskGroup } from '../../model/tasks/task-group.ts';
import type { Domain } from '../../plugin-api/contracts/context.ts';
import type { TaskFunctions } from '../../tasking/context/run-task.ts';
import { testTaskArguments } from '../../tasking/context/test-tasks.ts';
import { dispatch } from '../../tasking/queue/dispatch.ts';
import { joinQueue } from '../../tasking/queue/join-queue.ts';
import { componentVersions } from '../program/component-versions.ts';
import type { Program } from '../program/program.ts';
import type { BuiltServices } from '../program/services.ts';
import { taskFunctions } from '../program/task-functions.ts';
import { findDomain } from './named-objects.ts';
import { OperatorError } from './operator-error.ts';

/** What is read from standard input. */
interface Request {
  readonly make_task_group?: boolean;
  /** The task's name. */
  readonly args?: readonly [name: string];
  readonly kwargs?: {
    readonly args?: readonly unknown[];
    readonly kwargs?: Readonly<Record<string, unknown>>;
    readonly exclusive_resources?: readonly string[];
    readonly shared_resources?: readonly string[];
    readonly immediate?: boolean;
    readonly deferred?: boolean;
    readonly versions?: Readonly<Record<string, string>>;
  };
  readonly task_group?: string | null;
  readonly correlation_id?: string | null;
  readonly username?: string | null;
}

/** Answers what is to be printed: the href of the task, or JSON with pk and href of the group. */
export async function dispatchFromText(services: BuiltServices, program: Program, text: string): Promise<string> {
  if (!services.settings.testTasks)
    throw new OperatorError('Tasks are dispatched so only with the setting test_tasks.');
  const request = read(text);
  const domain = await findDomain(services.db, 'default');
  const present = presenterFor(services, domain);
  if (request.make_task_group) {
    const pk = await createTaskGroup(services.db, domain.id, '');
    return JSON.stringify({ pk, href: present.href('core.taskgroup', pk) });
  }
  const run = () => dispatchOne(services, taskFunctions(program, services.settings), request, domain);
  const pulpId = await (request.correlation_id ? withCorrelationId(request.correlation_id, run) : run());
  return present.href('core.task', pulpId);
}

function read(text: string): Request {
  try {
    return JSON.parse(text) as Request;
  } catch {
    throw new OperatorError('Give one JSON object on standard input.');
  }
}

async function dispatchOne(
  services: BuiltServices,
  functions: TaskFunctions,
  request: Request,
  domain: Domain,
): Promise<string> {
  const [name] = request.args ?? [];
  if (name === undefined) throw new OperatorError('args must hold the name of a task.');
  const { args = [], kwargs = {}, immediate = false, deferred = true, ...more } = request.kwargs ?? {};
  if (!functions.has(name)) throw new OperatorError(`There is no task ${name}.`);
  const user = await services.db.row<{ id: number }>(
    sql`select id from app_user where username = ${request.username ?? ''}`,
  );
  const queue = immediate ? await joinQueue(services, functions, 'api', componentVersions, () => {}) : undefined;
  try {
    const { pulpId } = await dispatch(
      services,
      {
        name,
        args: testTaskArguments(name, args, kwargs),
        exclusive: more.exclusive_resources ?? [],
        shared: more.shared_resources ?? [],
        immediate,
        deferrable: deferred,
        ...(more.versions && { versions: more.versions }),
        ...(request.task_group && { taskGroup: request.task_group }),
        domain,
        userId: user?.id ?? null,
      },
      { runner: queue?.runner },
    );
    return pulpId;
  } finally {
    await queue?.stop();
  }
}
