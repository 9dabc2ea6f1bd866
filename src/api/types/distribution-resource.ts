/** The REST resource of a type of distributions: where something is served and what (core.md §5.2). */

import { sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { relativePathError } from '../../lib/http/relative-path.ts';
import { announceChange } from '../../model/repositories/distribution-change.ts';
import { inVersion, versionRow } from '../../model/repositories/membership.ts';
import { noteServed } from '../../model/repositories/note-served.ts';
import type { DistributionType } from '../../plugin-api/contracts/serve.ts';
import { identityFields, labelField, MASTER_ORDERING, nameFilters } from '../../plugin-api/declare/common-fields.ts';
import type { DeclaredDistribution } from '../../plugin-api/declare/distribution-type.ts';
import { boolean, type Field, type Row, reference, string, type Values } from '../../plugin-api/declare/field.ts';
import {
  booleanFilter,
  customFilter,
  type Filters,
  referenceFilter,
  textFilter,
} from '../../plugin-api/declare/filter.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import { namesOf } from '../../plugin-api/declare/names.ts';
import type { TypeIdentity } from '../../plugin-api/declare/names-of-type.ts';
import { filtersOf } from '../../plugin-api/declare/names-of-type.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { contentCondition } from './repository-actions.ts';
import { type ServedFieldOptions, servedBy, servedField } from './served-field.ts';

/** What the resource of a type of distributions is made from; the core has one that serves artifacts and no plugin declares. */
type DistributionNames = Omit<DeclaredDistribution, keyof DistributionType> & TypeIdentity;

/** Names of fields of the served repository and publication that other servers need to replicate a distribution. */
export type ToldFields = Pick<ServedFieldOptions, 'repositoryFields' | 'publicationFields'>;

/** The resource of a declared type of distributions. */
export function distributionResource(type: DistributionNames, told: ToldFields = {}): Resource {
  const { model, publications = [] } = type;
  const optional = publications.some((one) => one.optional);
  return {
    model,
    ...namesOf(model),
    noun: `${type.type} distribution`,
    description: type.description,
    table: distributionTable(model.pulpType),
    fields: {
      ...distributionFields(model, type),
      served: servedField({ publishes: publications.length > 0, live: optional, ...told }),
      ...type.fields,
    },
    filters: filtersOf(type, distributionFilters(publications.length > 0)),
    ordering: DISTRIBUTION_ORDERING,
    operations: { list: true, read: true, create: 'immediate', update: 'immediate', delete: 'immediate' },
    actions: type.actions ?? [],
    unique: [
      {
        fields: ['name'],
        constraint: 'distribution_name_unique',
        body: () => ({ name: ['This field must be unique.'] }),
      },
      {
        fields: ['base_path'],
        constraint: 'distribution_base_path',
        body: () => ({ base_path: ['This field must be unique.'] }),
      },
      {
        fields: [],
        constraint: 'distribution_path_overlap',
        body: () => ({ base_path: { base_path: 'Overlaps with an existing distribution.' } }),
      },
    ],
    hasLabels: true,
    hasRoles: type.hasRoles ?? true,
    ...(type.access && { access: type.access }),
    labelStatus: 200,
    validate: async (values, request, existing) => {
      const checked = await checkDistribution(values, existing, type);
      await checkOverlap(checked, existing, request.domain.id, request.services.db);
      if (!existing && checked.content_guard === undefined) {
        const guard = await request.db.row<{ id: string | null }>(
          sql`select default_content_guard_id as id from domain where id = ${request.domain.id}`,
        );
        if (guard?.id) checked.content_guard = { id: guard.id, row: {}, prn: '' };
      }
      return (await type.validate?.(checked, request, existing)) ?? checked;
    },
    locks: (_values, _request, existing) => ({
      exclusive: existing ? [type.prn(String(existing.pulp_id))] : [],
    }),
    afterSave: async (tx, id) => await noteServed(tx, [id]),
    beforeDelete: async (tx, row) => await announceChange(tx, String(row.pulp_id)),
  };
}

const PAIRS = [
  ['repository', 'repository_version'],
  ['publication', 'repository'],
  ['publication', 'repository_version'],
] as const;

/** At most one source; a source that is given replaces nothing by itself: the other must be set to null, as in Pulp. */
async function checkDistribution(
  values: Values,
  existing: Row | undefined,
  type: Pick<DistributionNames, 'checkpoint'>,
): Promise<Values> {
  if (typeof values.base_path === 'string') {
    const message = relativePathError(values.base_path);
    if (message) throw ValidationError.field('base_path', message);
  }
  const now = (name: string) => (name in values ? values[name] : (existing?.[`${name}_id`] ?? null));
  for (const [a, b] of PAIRS) {
    if (now(a) && now(b)) {
      throw ValidationError.cross(`Only one of the attributes '${a}' and '${b}' may be used simultaneously.`);
    }
  }
  const checkpoint = 'checkpoint' in values ? values.checkpoint : existing?.checkpoint;
  if (type.checkpoint && checkpoint && !now('repository')) {
    throw ValidationError.cross("The 'checkpoint' attribute may only be used with the 'repository' attribute.");
  }
  return { ...values };
}

/** The store refuses overlaps in any case; asking first gives the answer in the request instead of in a task. */
async function checkOverlap(
  values: Values,
  existing: Row | undefined,
  domainId: number,
  db: { row<T>(q: ReturnType<typeof sql>): Promise<T | undefined> },
): Promise<void> {
  const path = values.base_path;
  if (typeof path !== 'string') return;
  const other = existing ? sql`and pulp_id <> ${existing.pulp_id}` : sql.empty;
  const taken = await db.row<{ base_path: string }>(sql`select base_path from distribution
    where path_span && path_range(${domainId}::text || '/' || ${path} || '/',
        ${domainId}::text || '/' || ${path} || '0') ${other} limit 1`);
  if (!taken) return;
  if (taken.base_path === path) throw ValidationError.field('base_path', 'This field must be unique.');
  throw new ValidationError({ base_path: { base_path: 'Overlaps with an existing distribution.' } });
}

export function distributionTable(pulpType: string | undefined): Resource['table'] {
  return {
    name: 'distribution',
    from: sql.raw('distribution t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    ...(pulpType && { where: sql`t.pulp_type = ${pulpType}` }),
    inDomain: true,
    columns: [
      sql.raw(`(select json_build_object('type', r.pulp_type, 'id', r.pulp_id, 'number', v.number, 'created', v.pulp_created)
      from repository_version v join repository r on r.id = v.repository_id where v.pulp_id = t.repository_version_id) as version_of`),
    ],
  };
}

export function distributionFields(
  model: Model,
  type: Pick<DistributionNames, 'publications' | 'repositoryVersion' | 'checkpoint' | 'remote'>,
): Record<string, Field> {
  return {
    ...identityFields(model),
    base_path: string({ help: 'Path below which it is served; no other may be equal, above or below.' }),
    base_url: string({
      help: 'The URL it is served at.',
      readOnly: true,
      column: false,
      read: (row, presenter) => presenter.contentUrl(String(row.base_path)),
    }),
    content_guard: reference('content_guard', {
      help: 'A guard that clients must pass.',
      nullable: true,
      column: 'content_guard_id',
    }),
    content_guard_prn: string({
      help: 'The PRN of the guard.',
      readOnly: true,
      column: false,
      read: (row, { services }) =>
        row.content_guard_id
          ? services.models.prnOfType('content_guard', String(row.content_guard_type), String(row.content_guard_id))
          : null,
    }),
    no_content_change_since: string({
      help: 'Since when what is served cannot have changed.',
      readOnly: true,
      column: false,
      read: (row) => (row.publication_id || row.repository_version_id ? row.pulp_last_updated : null),
    }),
    hidden: boolean({ default: false, help: 'Whether listings leave it out.' }),
    pulp_labels: labelField,
    name: string({ help: 'A name that no other distribution of the domain has.' }),
    repository: reference('repository', {
      help: 'The repository whose newest content is served.',
      nullable: true,
      column: 'repository_id',
    }),
    ...(type.repositoryVersion !== false && {
      repository_version: reference(['repository_version'], {
        help: 'The version that is served.',
        nullable: true,
        column: 'repository_version_id',
        read: (row, presenter) => {
          const version = row.version_of as { type: string; id: string; number: number } | null;
          return (
            version && `${presenter.hrefOfType('repository', version.type, version.id)}versions/${version.number}/`
          );
        },
      }),
    }),
    ...(type.publications?.length && {
      publication: reference('publication', {
        help: 'The publication that is served.',
        nullable: true,
        column: 'publication_id',
      }),
    }),
    ...(type.remote && {
      remote: reference('remote', {
        help: 'Where what is not here is fetched from.',
        nullable: true,
        column: 'remote_id',
      }),
    }),
    ...(type.checkpoint && {
      checkpoint: boolean({ help: 'Serves the checkpoints of the repository by time.', required: false }),
    }),
  };
}

export const DISTRIBUTION_ORDERING = [...MASTER_ORDERING, 'name', 'pulp_labels', 'base_path', 'hidden', 'checkpoint'];

/** `publishing`: whether the type serves publications, or which types do. */
export const distributionFilters = (publishing: boolean | readonly string[]): Filters => ({
  ...nameFilters,
  base_path: textFilter(sql.raw('t.base_path'), { lookups: ['', 'contains', 'icontains', 'in'] }),
  repository: referenceFilter(sql.raw('t.repository_id'), 'repository', { nullable: true, lookups: ['', 'in'] }),
  checkpoint: booleanFilter(sql.raw('t.checkpoint')),
  with_content: customFilter(async (value, request) => {
    const content = await contentCondition(value, request);
    return sql`exists (select 1 from (select t.*) d cross join lateral (${servedBy(publishing)}) s
      join repository_version v on v.pulp_id = s.version
      join repository_content rc on ${inVersion(versionRow('v'))}
      join content c on c.id = rc.content_id where ${content})`;
  }),
});
