/** Undoes tasks that were cut off, in a process that otherwise needs little: what that takes is loaded when it happens. */
import type { RunnableTask } from '../../tasking/queue/task-row.ts';
import type { BaseServices } from './base-services.ts';

export interface TaskUndoer {
  undo(task: RunnableTask): Promise<void>;
  close(): Promise<void>;
}

export function taskUndoer(base: BaseServices): TaskUndoer {
  let loaded: Promise<TaskUndoer> | undefined;
  return {
    async undo(task) {
      loaded ??= load(base);
      try {
        await (await loaded).undo(task);
      } catch (error) {
        loaded = undefined;
        base.logger.error({ err: error }, `Leftovers of task ${task.pulp_id} (${task.name}) could not be removed.`);
      }
    },
    async close() {
      await (await loaded?.catch(() => undefined))?.close();
    },
  };
}

async function load({ settings, logger, applicationName }: BaseServices): Promise<TaskUndoer> {
  const [{ loadProgram }, { buildServices }, { taskFunctions }, { undo }] = await Promise.all([
    import('./load-program.ts'),
    import('./services.ts'),
    import('./task-functions.ts'),
    import('../../tasking/context/undo.ts'),
  ]);
  const program = await loadProgram(settings);
  const functions = taskFunctions(program, settings);
  const services = await buildServices(program, settings, { logger, role: 'worker', poolSize: 1, applicationName });
  return { undo: (task) => undo(services, functions, task), close: () => services.close() };
}
