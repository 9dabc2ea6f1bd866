/** The task that deletes a version of a repository; its changes become those of the next one. */

import type { Transaction } from '../../../db/database.ts';
import { foresee } from '../../../db/foresee.ts';
import { sql } from '../../../db/sql.ts';
import { countingDeleted } from '../../../model/deleted-rows.ts';
import { announceRepositoryChange } from '../../../model/repositories/repository.ts';
import { deleteVersion, findVersionById } from '../../../model/repositories/repository-version.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';

interface DeleteVersionArgs {
  readonly repository_version: string;
  /** Only tells what would go. */
  readonly dry_run?: boolean;
}

/** A version that is gone already is no error. */
export const deleteVersionTask: TaskFunction = {
  name: 'pulpcore.app.tasks.repository.delete_version',
  async run(context, args: DeleteVersionArgs): Promise<unknown> {
    if (!args.dry_run) {
      await context.write((tx) => remove(context, tx, args));
      return undefined;
    }
    const { deleted } = await foresee(
      (inside) => context.write(inside),
      (tx) => countingDeleted(tx, context.models, () => remove(context, tx, args)),
    );
    return deleted;
  },
};

async function remove(context: TaskContext, tx: Transaction, args: DeleteVersionArgs): Promise<void> {
  const version = await findVersionById(tx, context.domain.id, args.repository_version);
  if (!version) return;
  await deleteVersion(tx, version);
  const repository = await tx.row<{ pulp_id: string }>(
    sql`select pulp_id from repository where id = ${version.repositoryId}`,
  );
  await announceRepositoryChange(tx, repository!.pulp_id);
}
