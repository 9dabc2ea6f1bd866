/** The task that publishes a repository version, and publishing within other tasks. */

import { runCreationHooks } from '../../access/creation-hooks.ts';
import type { Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { noteRepositoryServed } from '../../model/repositories/note-served.ts';
import {
  beginPublication,
  completePublication,
  dropPublication,
  trimCheckpoints,
} from '../../model/repositories/publication.ts';
import { announceRepositoryChange, repositoryOf } from '../../model/repositories/repository.ts';
import { findVersionById } from '../../model/repositories/repository-version.ts';
import type { PublicationType } from '../../plugin-api/contracts/publish.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { Repository } from '../../plugin-api/contracts/version.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import { labelOf } from '../../plugin-api/declare/model.ts';
import type { ContentRegistry } from '../repository/content-registry.ts';
import type { PublishRequest } from '../repository/versions/version-context.ts';
import { PublicationBuilder } from './publication-builder.ts';

interface PublishArgs {
  readonly repository_version: string;
  /** Fields of the publication, `checkpoint` among them. */
  readonly values?: Values;
}

/** Answers the publication on the wire. */
export function publishTask(types: ContentRegistry, type: PublicationType): TaskFunction {
  return {
    name: type.taskName,
    async run(context, args: PublishArgs) {
      const version = await findVersionById(context.db, context.domain.id, args.repository_version);
      if (!version) throw ValidationError.field('repository_version', 'Invalid hyperlink - Object does not exist.');
      const row = await context.db.row<Record<string, unknown>>(
        sql`select * from repository where id = ${version.repositoryId}`,
      );
      const repository: Repository = repositoryOf(row!);
      const request = { version, repository, type: type.pulpType, values: args.values ?? {} };
      const pulpId = await publishVersion(context, types, request);
      const model = context.models.byType('publication', type.pulpType);
      return await context.present(context.domain, labelOf(model!), pulpId);
    },
  };
}

/** Publishes a version in the running task; answers the id of the publication. A publication that fails leaves nothing. */
export async function publishVersion(
  context: TaskContext,
  types: ContentRegistry,
  request: PublishRequest,
): Promise<string> {
  const { version, repository, type, values } = request;
  const { checkpoint, ...fields } = values;
  const begun = { domainId: context.domain.id, pulpType: type, versionPulpId: version.pulpId };
  const nameOf = (pulpId: string) => context.models.prnOfType('publication', type, pulpId);
  const publicationId = await context.write(async (tx) => {
    const pulpId = await beginPublication(tx, begun);
    // Noted at once: by this the incomplete one of a task that is cut off is found and removed.
    context.created(nameOf(pulpId));
    return pulpId;
  });
  const builder = new PublicationBuilder(context, { publicationId, version, repository, values: fields });
  try {
    await (request.build ?? ((publish) => types.publicationType(type).publish(publish)))(builder.publishContext());
    const { passThrough, details } = await builder.finish();
    await context.write(async (tx) => {
      await completePublication(tx, publicationId, { passThrough, checkpoint: checkpoint === true, details });
      const model = context.models.byType('publication', type);
      if (model) await runCreationHooks(tx, context.settings, model, publicationId, context.task.userId);
      await afterPublishing(tx, repository);
    });
    return publicationId;
  } catch (error) {
    const made = { taskId: context.task.id, name: nameOf(publicationId) };
    await context.write((tx) => dropPublication(tx, publicationId, made)).catch(() => {});
    throw error;
  } finally {
    await builder.discard();
  }
}

async function afterPublishing(tx: Transaction, { id, pulpId }: Repository): Promise<void> {
  const row = await tx.row<{ keep: number | null }>(
    sql`select retain_checkpoints as keep from repository where id = ${id}`,
  );
  if (row?.keep) await trimCheckpoints(tx, id, row.keep);
  await noteRepositoryServed(tx, id);
  await announceRepositoryChange(tx, pulpId);
}
