/** Versions as the results of tasks tell them. */
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';

/** The wire form of a version that was made, null when none was. */
export async function presentVersion(context: TaskContext, version: { pulpId: string } | null): Promise<unknown> {
  return version && (await context.present(context.domain, 'core.repositoryversion', version.pulpId));
}
