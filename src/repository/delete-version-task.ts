/** The task that deletes a version of a repository; its changes become those of the next one. */

import { sql } from '../db/sql.ts';
import { announceRepositoryChange } from '../model/repository.ts';
import { deleteVersion, findVersionById } from '../model/repository-version.ts';
import type { TaskFunction } from '../plugin-api/task.ts';

export interface DeleteVersionArgs {
  readonly repository_version: string;
}

/** A version that is gone already is no error. */
export const deleteVersionTask: TaskFunction = {
  name: 'pulpcore.app.tasks.repository.delete_version',
  async run(context, args: DeleteVersionArgs): Promise<void> {
    await context.write(async (tx) => {
      const version = await findVersionById(tx, context.domain.id, args.repository_version);
      if (!version) return;
      await deleteVersion(tx, version);
      const repository = await tx.row<{ pulp_id: string }>(
        sql`select pulp_id from repository where id = ${version.repositoryId}`,
      );
      await announceRepositoryChange(tx, repository!.pulp_id);
    });
  },
};
