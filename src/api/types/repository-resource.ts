/** The REST resource of a type of repositories: core's fields and actions with what the type adds. */

import { sql } from '../../db/sql.ts';
import { deleteMemberships } from '../../model/repositories/membership.ts';
import { announceContentChange } from '../../model/repositories/repository.ts';
import { removeParts } from '../../model/repositories/sub-repository.ts';
import { identityFields, labelField, MASTER_ORDERING, nameFilters } from '../../plugin-api/declare/common-fields.ts';
import { type Field, integer, reference, string, type Values } from '../../plugin-api/declare/field.ts';
import {
  customFilter,
  type Filters,
  integerFilter,
  NULLABLE_NUMBER_LOOKUPS,
  referenceFilter,
} from '../../plugin-api/declare/filter.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import { namesOf } from '../../plugin-api/declare/names.ts';
import { filtersOf } from '../../plugin-api/declare/names-of-type.ts';
import type { DeclaredRepository } from '../../plugin-api/declare/repository-type.ts';
import type { Action, Resource } from '../../plugin-api/declare/resource.ts';
import { afterRepositorySave, contentCondition, modifyAction, syncAction } from './repository-actions.ts';

/** The resource of a declared type of repositories. */
export function repositoryResource(type: DeclaredRepository): Resource {
  const { model } = type;
  const actions: Action[] = [...(type.actions ?? [])];
  if (type.sync) actions.push(syncAction(type.sync));
  if (type.modify !== false) actions.push(modifyAction(type.modify));
  return {
    model,
    ...namesOf(model),
    noun: `${type.type} repository`,
    description: type.description,
    table: repositoryTable(model.pulpType),
    fields: { ...repositoryFields(model, type.remote !== false), ...type.fields },
    filters: filtersOf(type, repositoryFilters),
    ordering: REPOSITORY_ORDERING,
    operations: { list: true, read: true, create: 'now', update: 'immediate', delete: 'task' },
    actions,
    unique: [
      {
        fields: ['name'],
        constraint: 'repository_name_unique',
        body: () => ({ name: ['This field must be unique.'] }),
      },
    ],
    hasLabels: true,
    hasRoles: type.hasRoles ?? true,
    ...(type.access && { access: type.access }),
    ...(type.validate && { validate: type.validate }),
    afterSave: afterRepositorySave(type.servesPublications),
    beforeDelete: async (tx, row) => {
      await announceContentChange(tx, [Number(row.id)]);
      await removeParts(tx, [Number(row.id)]);
      await deleteMemberships(tx, [Number(row.id)]);
    },
  };
}

export function repositoryTable(pulpType: string | undefined): Resource['table'] {
  return {
    name: 'repository',
    from: sql.raw('repository t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    where: pulpType ? sql`t.pulp_type = ${pulpType} and not t.user_hidden` : sql.raw('not t.user_hidden'),
    inDomain: true,
    columns: [
      sql.raw(
        '(select max(v.number) from repository_version v where v.repository_id = t.id and v.complete) as latest_number',
      ),
    ],
  };
}

export function repositoryFields(model: Model, withRemote: boolean): Record<string, Field> {
  const path = (row: Values, apiPrefix: string) => `${apiPrefix}${model.path}/${row.pulp_id}/versions/`;
  return {
    ...identityFields(model),
    versions_href: string({
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, { apiPrefix }) => path(row, apiPrefix),
    }),
    pulp_labels: labelField,
    latest_version_href: string({
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, { apiPrefix }) =>
        row.latest_number === null ? null : `${path(row, apiPrefix)}${row.latest_number}/`,
    }),
    name: string({ help: 'A name that no other repository of the domain has.' }),
    description: string({ help: 'What it is for.', nullable: true }),
    retain_repo_versions: integer({ help: 'How many versions are kept; null keeps all.', nullable: true, minimum: 1 }),
    retain_checkpoints: integer({
      help: 'How many checkpoint publications are kept; null keeps all.',
      nullable: true,
      minimum: 1,
    }),
    ...(withRemote && {
      remote: reference('remote', {
        help: 'The remote that sync uses unless told another.',
        nullable: true,
        column: 'remote_id',
      }),
    }),
  };
}

export const REPOSITORY_ORDERING = [
  ...MASTER_ORDERING,
  'name',
  'pulp_labels',
  'description',
  'next_version',
  'retain_repo_versions',
  'retain_checkpoints',
  'user_hidden',
];

export const repositoryFilters: Filters = {
  ...nameFilters,
  remote: referenceFilter(sql.raw('t.remote_id'), 'remote', { nullable: true }),
  retain_repo_versions: integerFilter(sql.raw('t.retain_repo_versions'), NULLABLE_NUMBER_LOOKUPS),
  retain_checkpoints: integerFilter(sql.raw('t.retain_checkpoints'), NULLABLE_NUMBER_LOOKUPS),
  with_content: customFilter(async (value, request) => {
    const content = await contentCondition(value, request);
    return sql`t.id in (select rc.repository_id from repository_content rc join content c on c.id = rc.content_id where ${content})`;
  }),
  latest_with_content: customFilter(async (value, request) => {
    const content = await contentCondition(value, request);
    return sql`t.id in (select rc.repository_id from repository_content rc join content c on c.id = rc.content_id
      where ${content} and rc.version_removed is null)`;
  }),
};
