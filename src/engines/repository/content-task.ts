/** Tasks of package types as tasks of the queue: with the tools for content. */
import type { ContentTask, TaskContentTools } from '../../plugin-api/contracts/content-tools.ts';
import type { TaskFunction } from '../../plugin-api/contracts/task.ts';
import { contentTools } from './content-tools.ts';
import { TempPool } from './temp-pool.ts';
import type { VersionEngine } from './versions/version-context.ts';
import { withNewVersion } from './versions/with-new-version.ts';

/** Received bytes that were not saved are gone when the task has ended. */
export function contentTask(engine: VersionEngine, task: ContentTask): TaskFunction {
  return {
    ...task,
    async run(context, args) {
      const temps = new TempPool(context.storage(context.domain));
      try {
        const content: TaskContentTools = {
          ...contentTools(context, temps),
          newVersion: (repository, work) => withNewVersion(context, engine, repository, work),
        };
        return await task.run({ ...context, content }, args);
      } finally {
        await temps.discard();
      }
    },
  };
}
