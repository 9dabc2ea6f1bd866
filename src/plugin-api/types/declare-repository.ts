/** Declares a repository type's REST resource: core's fields and actions with what the type adds. */

import { sql } from '../../db/sql.ts';
import { announceChange } from '../../model/repositories/distribution-change.ts';
import { identityFields, labelField, MASTER_ORDERING, nameFilters } from '../declare/common-fields.ts';
import { type Field, integer, reference, string, type Values } from '../declare/field.ts';
import {
  customFilter,
  type Filters,
  integerFilter,
  NULLABLE_NUMBER_LOOKUPS,
  referenceFilter,
} from '../declare/filter.ts';
import type { Model } from '../declare/model.ts';
import { namesOf } from '../declare/names.ts';
import type { Action, Resource } from '../declare/resource.ts';
import {
  afterRepositorySave,
  contentCondition,
  type ModifyCheck,
  modifyAction,
  syncAction,
} from './repository-actions.ts';

export interface RepositoryDeclaration {
  readonly app: string;
  /** `FileRepository` */
  readonly name: string;
  /** Last part of the path: `file`. */
  readonly type: string;
  /** Where it is not `<app>.<type>`. */
  readonly pulpType?: string;
  readonly description: string;
  readonly fields?: Readonly<Record<string, Field>>;
  /** Remote labels (`file.fileremote`) or master that `remote` accepts; false: no remote field. */
  readonly remote?: boolean;
  /** The sync action: component of its body and fields beside `remote`. */
  readonly sync?: {
    readonly component: string;
    readonly taskName: string;
    readonly fields: Readonly<Record<string, Field>>;
    readonly check?: (values: Values, repository: Values) => void;
  };
  /** false: has no modify; a function checks a request before its task is dispatched. */
  readonly modify?: boolean | ModifyCheck;
  /** Its distributions serve publications instead of versions: decides which versions are protected. */
  readonly servesPublications?: boolean;
  readonly actions?: readonly Action[];
  readonly validate?: Resource['validate'];
  readonly hasRoles?: boolean;
}

export function repositoryModel(app: string, name: string, type: string, pulpType = `${app}.${type}`): Model {
  return { app, name, path: `repositories/${app}/${type}`, table: 'repository', pulpType };
}

export function declareRepository(declaration: RepositoryDeclaration): Resource {
  const { app, name, type } = declaration;
  const model = repositoryModel(app, name, type, declaration.pulpType);
  const actions: Action[] = [...(declaration.actions ?? [])];
  if (declaration.sync) actions.push(syncAction(declaration.sync));
  if (declaration.modify !== false) {
    actions.push(modifyAction(typeof declaration.modify === 'function' ? declaration.modify : undefined));
  }
  return {
    model,
    ...namesOf(model),
    noun: `${type} repository`,
    description: declaration.description,
    table: repositoryTable(model.pulpType!),
    fields: { ...repositoryFields(model, declaration.remote !== false), ...declaration.fields },
    filters: repositoryFilters,
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
    hasRoles: declaration.hasRoles ?? true,
    ...(declaration.validate && { validate: declaration.validate }),
    afterSave: afterRepositorySave(declaration.servesPublications ?? false),
    beforeDelete: async (tx, row) => {
      await tx.run(sql`update distribution set generation = generation + 1 where repository_id = ${row.pulp_id}
        or repository_version_id in (select v.pulp_id from repository_version v where v.repository_id = ${row.id})
        or publication_id in (select p.pulp_id from publication p join repository_version v on v.pulp_id = p.repository_version_id where v.repository_id = ${row.id})`);
      await tx.run(sql`delete from repository_content where repository_id = ${row.id}`);
      await announceChange(tx);
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
