/** The REST resource of a type of publications, which are made by a task and never changed. */

import { sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { announceChange, bumpGenerations } from '../../model/repositories/distribution-change.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import { identityFields, MASTER_ORDERING } from '../../plugin-api/declare/common-fields.ts';
import { boolean, type Field, list, reference, string, type Values } from '../../plugin-api/declare/field.ts';
import { booleanFilter, customFilter, dateFilter, type Filters } from '../../plugin-api/declare/filter.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import { namesOf } from '../../plugin-api/declare/names.ts';
import { filtersOf } from '../../plugin-api/declare/names-of-type.ts';
import type { DeclaredPublication } from '../../plugin-api/declare/publication-type.ts';
import type { Reference } from '../../plugin-api/declare/reference.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { accepted } from '../../plugin-api/toolkit/accepted.ts';
import {
  latestVersionOf,
  repositoryIdCondition,
  versionIdCondition,
} from '../../plugin-api/toolkit/version-queries.ts';
import { heldContentFilters } from './held-content-filters.ts';

/** The resource of a declared type of publications. */
export function publicationResource(type: DeclaredPublication): Resource {
  const { model } = type;
  return {
    model,
    ...namesOf(model),
    noun: `${type.type} publication`,
    description: type.description,
    table: publicationTable(model.pulpType),
    fields: { ...publicationFields(model, type.checkpoint ?? false), ...type.fields },
    filters: filtersOf(type, publicationFilters),
    ordering: PUBLICATION_ORDERING,
    operations: { list: true, read: true, create: 'task', delete: 'now' },
    actions: type.actions ?? [],
    hasRoles: type.hasRoles ?? true,
    ...(type.access && { access: type.access }),
    ...(type.validate && { validate: type.validate }),
    createTask: (values, request) => dispatchPublish(type.taskName, values, request),
    beforeDelete: async (tx, row) => {
      await bumpGenerations(tx, sql`d.publication_id = ${row.pulp_id}`);
      await announceChange(tx);
    },
  };
}

/** Exactly one of repository and repository_version; the repository stands for its latest version now. */
async function dispatchPublish(taskName: string, values: Values, request: RequestContext) {
  const { repository, repository_version: version, ...rest } = values;
  if (repository && version)
    throw ValidationError.cross("Either the 'repository' or 'repository_version' need to be specified but not both.");
  if (!repository && !version)
    throw ValidationError.cross("Either the 'repository' or 'repository_version' need to be specified");
  if (rest.checkpoint && !repository) throw ValidationError.cross("'checkpoint' may only be used with 'repository'");
  const versionId = version
    ? (version as Reference).id
    : await latestVersionOf(request.db, (repository as Reference).id);
  const lock = repository
    ? (repository as Reference).prn
    : request.services.models.prnOfType(
        'repository',
        String((version as Reference).row.repository_type),
        String((version as Reference).row.repository_pulp_id),
      );
  const task = await request.dispatch({
    name: taskName,
    args: { repository_version: versionId, values: rest },
    shared: [lock],
  });
  return accepted(request, task);
}

export function publicationTable(pulpType: string | undefined): Resource['table'] {
  return {
    name: 'publication',
    from: sql.raw(
      `publication t join repository_version rv on rv.pulp_id = t.repository_version_id join repository r on r.id = rv.repository_id`,
    ),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    where: pulpType ? sql`t.complete and t.pulp_type = ${pulpType}` : sql.raw('t.complete'),
    inDomain: true,
    columns: [sql.raw('rv.number as version_number, r.pulp_id as repository_id, r.pulp_type as repository_type')],
  };
}

export function publicationFields(model: Model, checkpoint: boolean): Record<string, Field> {
  return {
    ...identityFields(model),
    repository_version: reference(['repository_version'], {
      help: 'The version that is published.',
      required: false,
      column: false,
      read: (row, presenter) => {
        const repository = presenter.hrefOfType(
          'repository',
          row.repository_type as string,
          row.repository_id as string,
        );
        return repository && `${repository}versions/${row.version_number}/`;
      },
    }),
    repository: reference('repository', {
      help: 'The repository whose latest version is published.',
      required: false,
      column: false,
      read: (row, presenter) =>
        presenter.hrefOfType('repository', row.repository_type as string, row.repository_id as string),
    }),
    distributions: list(string({ format: 'uri' }), {
      help: 'Distributions that name this publication.',
      readOnly: true,
      column: false,
      load: async (rows, presenter) => {
        const seen = presenter.visible?.('distribution', 't');
        const found = await presenter.services.db.rows<{ publication_id: string; pulp_id: string; pulp_type: string }>(
          sql`select t.publication_id, t.pulp_id, t.pulp_type from distribution t
            where t.publication_id = any(${rows.map((row) => row.pulp_id)}::uuid[])${seen ? sql` and ${seen}` : sql.empty}
            order by t.pulp_id`,
        );
        return rows.map((row) =>
          found
            .filter((one) => one.publication_id === row.pulp_id)
            .map((one) => presenter.hrefOfType('distribution', one.pulp_type, one.pulp_id)),
        );
      },
    }),
    ...(checkpoint && { checkpoint: boolean({ help: 'Whether it is a checkpoint.', required: false }) }),
  };
}

export const PUBLICATION_ORDERING = [...MASTER_ORDERING, 'complete', 'pass_through', 'checkpoint'];

export const publicationFilters: Filters = {
  repository: customFilter(async (value, request) =>
    repositoryIdCondition('repository', value, request, sql.raw('r.pulp_id')),
  ),
  repository_version: customFilter(async (value, request) =>
    versionIdCondition('repository_version', value, request, sql.raw('rv.pulp_id')),
  ),
  checkpoint: booleanFilter(sql.raw('t.checkpoint')),
  pulp_created: dateFilter(sql.raw('t.pulp_created')),
  ...heldContentFilters('rv'),
};
