/** What an API or content process does to take part: it registers, and the API also runs short tasks and cleans up. */
import { hostname } from 'node:os';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { TaskFunctions } from '../context/run-task.ts';
import { undo } from '../context/undo.ts';
import type { AppType } from '../worker/app-status.ts';
import { ImmediateRunner } from '../worker/immediate-runner.ts';
import { processName } from '../worker/process-name.ts';
import { type HeldTask, Registration } from '../worker/register-process.ts';
import { deadFilesRemover } from '../worker/remove-dead-files.ts';
import { endUnknown } from './end-unknown.ts';
import { Maintenance } from './maintenance.ts';
import type { RunnableTask } from './task-row.ts';

export interface Participation {
  readonly registration: Registration;
  /** For `dispatch`; only in API processes, as content processes queue what they need. */
  readonly runner: ImmediateRunner | undefined;
  /** Leaves the table of processes. */
  stop(): Promise<void>;
}

/** Rejects with NameTaken when another live process has the name, and with DatabaseUnavailable. */
export async function joinQueue(
  services: Services,
  functions: TaskFunctions,
  type: Exclude<AppType, 'worker'>,
  versions: Readonly<Record<string, string>>,
  onReplaced: (error: Error) => void,
): Promise<Participation> {
  const { settings } = services;
  const host = settings.hostname ?? hostname();
  const [template, ttl] =
    type === 'api'
      ? [settings.apiNameTemplate, settings.apiAppTtl]
      : [settings.contentNameTemplate, settings.contentAppTtl];
  const entry = { type, name: processName(template, settings.hostname), host, ttl, versions };
  const registration = await Registration.enter(services, entry);
  if (type === 'content') {
    registration.start({ onReplaced, onBeat: deadFilesRemover(services) });
    return { registration, runner: undefined, stop: () => registration.stop() };
  }
  const runner = new ImmediateRunner(services, functions, () => registration.holder);
  const lease = () => registration.holder?.lease;
  const maintenance = new Maintenance({
    services,
    undo: (task: RunnableTask) => undo(services, functions, task),
    lease,
    host,
    name: registration.name,
    schedules: false,
  });
  registration.start({
    onBeat: (held: readonly HeldTask[]) =>
      endUnknown(services, registration.lease, held, (task) => runner.isRunning(task.pulp_id)),
    onLost: () => runner.abandon(),
    onRegained: () => maintenance.postpone(),
    onReplaced,
  });
  await maintenance.start();
  return {
    registration,
    runner,
    async stop() {
      await maintenance.stop();
      await registration.stop();
    },
  };
}
