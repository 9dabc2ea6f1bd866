/** The REST resource of a type of content: what all units have and what the type adds (core.md §3.3). */

import { sql } from '../../db/sql.ts';
import { DIGEST_NAMES, type DigestName } from '../../lib/crypto/digest.ts';
import { ValidationError } from '../../lib/errors.ts';
import { relativePathError } from '../../lib/http/relative-path.ts';
import { artifactPaths } from '../../model/content/content-artifact.ts';
import { type ListPlace, placeInArtifacts, placeInContent } from '../../model/content/content-count.ts';
import type { Presenter, RequestContext } from '../../plugin-api/contracts/context.ts';
import { identityFields, labelField, MASTER_ORDERING, reportHrefs } from '../../plugin-api/declare/common-fields.ts';
import type { ContentType } from '../../plugin-api/declare/content.ts';
import { boolean, type Field, file, map, nested, type Row, reference, string } from '../../plugin-api/declare/field.ts';
import { customFilter, type Filter, type Filters } from '../../plugin-api/declare/filter.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import { namesOf } from '../../plugin-api/declare/names.ts';
import type { Action, Resource } from '../../plugin-api/declare/resource.ts';
import { findVersion, memberOf, type VersionKey } from '../../plugin-api/toolkit/version-queries.ts';
import { networkFields } from './remote-resource.ts';

/** What the API does with a unit sent to it is handed in by the upload engine, which plugins do not see. */
export interface ContentHandlers {
  readonly create: Resource['createTask'];
  readonly uploadNow: Action['run'];
}

/** The resource of a declared type of content. */
export function contentResource(
  type: ContentType,
  handlers: (type: ContentType) => ContentHandlers,
  actions: readonly Action[] = [],
): Resource {
  const { model } = type;
  const own = handlers(type);
  return {
    model,
    ...namesOf(model),
    noun: `${type.name}`,
    description: type.description,
    table: {
      name: 'content',
      from: sql`content t join ${sql.ident(type.table)} d on d.content_id = t.id`,
      narrow: sql.raw('content t'),
      key: 'pulp_id',
      newest: sql.raw('t.id'),
      where: sql`t.pulp_type = ${type.pulpType}`,
      inDomain: true,
      order: Object.fromEntries(type.ordering.map((word) => [word, sql`d.${sql.ident(word)}`])),
      columns: [
        sql.raw('d.*'),
        ...(type.artifacts === undefined || type.artifacts === 'single' ? [ARTIFACT_COLUMNS] : []),
      ],
    },
    fields: contentFields(type, model),
    filters: { ...contentFilters, ...type.filters },
    ordering:
      type.commonOrdering === false
        ? ['pk', ...type.ordering]
        : [...MASTER_ORDERING, 'pulp_labels', 'timestamp_of_interest', 'upstream_id', ...type.ordering],
    operations: { list: true, read: true, ...(type.upload && { create: 'task' as const }) },
    actions: [...actions, ...(type.upload?.synchronous ? [uploadAction(type, own)] : [])],
    hasLabels: true,
    knownPlace: (request, offset) => placeInList(type.pulpType, request, offset),
    ...(type.access && { access: type.access }),
    ...(type.minimal && { minimalFields: minimalFields(type, model) }),
    ...(type.labelStatus !== undefined && { labelStatus: type.labelStatus }),
    createMedia: ['application/x-www-form-urlencoded', 'multipart/form-data'],
    ...(own.create && { createTask: own.create }),
    validate: (values) => {
      checkSources(type, values);
      return values;
    },
  };
}

const ARTIFACT_COLUMNS = sql.raw(
  `(select json_build_object('path', ca.relative_path, 'id', a.pulp_id, ${DIGEST_NAMES.map(
    (name) => `'${name}', encode(a.${name}, 'hex')`,
  ).join(', ')}) from content_artifact ca left join artifact a on a.id = ca.artifact_id
    where ca.content_id = t.id order by ca.id limit 1) as artifact_of`,
);

type ArtifactOf = { path: string; id: string | null } & Record<DigestName, string | null>;
const artifactOf = (row: Row) => row.artifact_of as ArtifactOf | null;

const commonFields = (model: Model): Record<string, Field> => ({
  ...identityFields(model),
  pulp_labels: labelField,
  vuln_report: string({ format: 'uri', readOnly: true, column: false, load: reportHrefs }),
});

function minimalFields(type: ContentType, model: Model): Record<string, Field> {
  const own = Object.entries(type.fields).filter(([name]) => type.minimal?.includes(name));
  return { ...commonFields(model), ...Object.fromEntries(own) };
}

/** Fields of every unit, of the bytes where there are some, and of the request that makes one. */
function contentFields(type: ContentType, model: Model): Record<string, Field> {
  const single = type.artifacts === undefined || type.artifacts === 'single';
  return {
    ...commonFields(model),
    ...(single && singleArtifactFields()),
    ...(type.artifacts === 'multiple' && { artifacts: artifactsField() }),
    ...type.fields,
    ...(type.upload && uploadFields()),
    ...type.upload?.fields,
  };
}

function singleArtifactFields(): Record<string, Field> {
  return {
    artifact: reference('artifact', {
      help: 'The artifact with the bytes.',
      required: false,
      column: false,
      read: (row, presenter) => (artifactOf(row)?.id ? presenter.href('core.artifact', artifactOf(row)!.id!) : null),
    }),
    relative_path: string({
      help: 'Path of the file below the root of a repository.',
      column: false,
      read: (row) => artifactOf(row)?.path ?? null,
    }),
    ...Object.fromEntries(
      DIGEST_NAMES.map((name) => [
        name,
        string({
          help: `The ${name.toUpperCase()} of the bytes, if there are some here.`,
          readOnly: true,
          column: false,
          read: (row: Row) => artifactOf(row)?.[name] ?? null,
        }),
      ]),
    ),
  };
}

/** hrefs of the artifacts of units by relative path; null for bytes that are not here. */
export async function artifactsOf(rows: readonly Row[], { services, href }: Presenter): Promise<object[]> {
  const found = await artifactPaths(
    services.db,
    rows.map((row) => Number(row.id)),
  );
  const byUnit = Map.groupBy(found, (one) => one.contentId);
  return rows.map((row) =>
    Object.fromEntries(
      (byUnit.get(Number(row.id)) ?? []).map(({ path, pulpId }) => [path, pulpId && href('core.artifact', pulpId)]),
    ),
  );
}

function artifactsField(): Field {
  return map(string({ format: 'uri' }), {
    help: 'Artifacts by relative path.',
    column: false,
    load: artifactsOf,
  });
}

function uploadFields(): Record<string, Field> {
  return {
    file: file({ required: false, help: 'The bytes.', format: 'binary' }),
    repository: reference('repository', {
      required: false,
      writeOnly: true,
      column: false,
      help: 'A repository to add the unit to.',
    }),
    upload: reference('upload', {
      required: false,
      writeOnly: true,
      column: false,
      help: 'A finished upload with the bytes.',
    }),
    overwrite: boolean({
      default: true,
      hiddenDefault: true,
      writeOnly: true,
      column: false,
      help: 'false makes it an error when the repository has another unit with the same key.',
    }),
    file_url: string({
      required: false,
      writeOnly: true,
      column: false,
      help: 'Where the server fetches the bytes from.',
    }),
    downloader_config: nested('RemoteNetworkConfig', networkFields, {
      required: false,
      writeOnly: true,
      column: false,
      help: 'How file_url is fetched: fields of a remote.',
    }),
  };
}

function uploadAction(type: ContentType, handlers: ContentHandlers): Action {
  const fields = contentFields(type, type.model);
  const without = new Set(['repository', ...(type.upload!.synchronous!.without ?? [])]);
  const component = type.upload!.synchronous!.component;
  return {
    name: 'upload',
    method: 'post',
    detail: false,
    summary: 'Upload content synchronously',
    description: 'Makes a unit in the request itself.',
    input: { component, fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !without.has(name))) },
    media: ['application/x-www-form-urlencoded', 'multipart/form-data'],
    output: { 201: { component: type.upload!.synchronous!.answer ?? component } },
    run: handlers.uploadNow,
  };
}

const SOURCES = ['file', 'artifact', 'file_url', 'upload'] as const;

/** Exactly one source of bytes, a canonical path. */
export function checkSources(type: ContentType, values: Row): void {
  const given = SOURCES.filter((name) => values[name] !== undefined && values[name] !== null);
  if (given.length !== 1) {
    // Units that keep no bytes are made of no artifact either.
    const known = SOURCES.filter((name) => name !== 'artifact' || type.artifacts !== 'none');
    throw ValidationError.cross(`Exactly one of ${known.join(', ')} must be specified.`);
  }
  if (typeof values.relative_path === 'string') {
    const message = relativePathError(values.relative_path);
    if (message) throw ValidationError.field('relative_path', message);
  }
  if (values.downloader_config !== undefined && values.file_url === undefined) {
    throw ValidationError.cross("'downloader_config' can only be used with 'file_url'.");
  }
}

/** Lists of all units, or of one version's, and of nothing else are as long as the counters say. */
export async function placeInList(
  pulpType: string | undefined,
  request: RequestContext,
  offset: number,
): Promise<ListPlace | undefined> {
  const asked = askedOf(request);
  if (asked.length === 0)
    return inOrder(request, await placeInContent(request.db, request.domain.id, pulpType, offset));
  const part = asked.length === 1 && pulpType !== undefined ? VERSION_COUNTERS[asked[0]!] : undefined;
  if (!part) return undefined;
  const { pulpId } = await findVersion(asked[0]!, request.query.get(asked[0]!) ?? '', request);
  const row = await request.db.row<{ n: number | null }>(
    sql`select (counts -> ${part} ->> ${pulpType})::int8 as n from repository_version where pulp_id = ${pulpId}`,
  );
  return { count: Number(row?.n ?? 0) };
}

/** The list of artifacts, as long as nothing limits it. */
export async function placeInArtifactList(request: RequestContext, offset: number): Promise<ListPlace | undefined> {
  if (askedOf(request).length > 0) return undefined;
  return inOrder(request, await placeInArtifacts(request.db, request.domain.id, offset));
}

const askedOf = ({ query }: RequestContext) => [...query.keys()].filter((key) => !WITHOUT_EFFECT.has(key));

/** Where a page begins is known for the default order only. */
const inOrder = ({ query }: RequestContext, place: ListPlace): ListPlace =>
  query.get('ordering') ? { count: place.count } : place;

const WITHOUT_EFFECT = new Set(['limit', 'offset', 'ordering', 'fields', 'exclude_fields', 'format', 'minimal']);
const VERSION_COUNTERS: Readonly<Record<string, string>> = {
  repository_version: 'present',
  repository_version_added: 'added',
  repository_version_removed: 'removed',
};

const pairSchema: Filter['schema'] = { type: 'array', items: { type: 'string' } };

export const contentFilters: Filters = {
  repository_version: customFilter(async (value, request) => {
    const version = await findVersion('repository_version', value, request);
    return memberOf(version, sql.raw('t.id'));
  }),
  repository_version_added: customFilter(
    async (value, request) => await changeOf('repository_version_added', value, request, 'version_added'),
  ),
  repository_version_removed: customFilter(
    async (value, request) => await changeOf('repository_version_removed', value, request, 'version_removed'),
  ),
  added_between: customFilter(async (value, request) => await between('added_between', value, request, false), {
    schema: pairSchema,
  }),
  removed_between: customFilter(async (value, request) => await between('removed_between', value, request, true), {
    schema: pairSchema,
  }),
  orphaned_for: customFilter((value, request) => orphanedFor(value, request), { schema: { type: 'number' } }),
};

async function changeOf(
  filter: string,
  value: string,
  request: RequestContext,
  column: 'version_added' | 'version_removed',
) {
  const version = await findVersion(filter, value, request);
  return sql`exists (select 1 from repository_content rc where rc.repository_id = ${version.repositoryId} and rc.content_id = t.id
    and rc.${sql.raw(column)} = ${version.number})`;
}

async function between(filter: string, value: string, request: RequestContext, removed: boolean) {
  if (value === '') return sql.raw('true');
  const names = value.split(',');
  if (names.length !== 2) throw ValidationError.field(filter, 'Range query expects two values.');
  const versions: VersionKey[] = [];
  for (const name of names) versions.push(await findVersion(filter, name.trim(), request));
  const [base, target] = versions;
  if (!base || !target) return sql.raw('false');
  const [inside, outside] = removed ? [base, target] : [target, base];
  return sql`${memberOf(inside, sql.raw('t.id'))} and not ${memberOf(outside, sql.raw('t.id'))}`;
}

function orphanedFor(value: string, request: RequestContext) {
  if (value === '') return sql.raw('true');
  const minutes = Number(value);
  if (Number.isNaN(minutes)) throw ValidationError.field('orphaned_for', 'Enter a number.');
  const age = minutes < 0 ? request.services.settings.orphanProtectionTime : minutes;
  return sql`t.timestamp_of_interest < now() - make_interval(mins => ${Math.floor(age)}::int)
    and not exists (select 1 from repository_content rc where rc.content_id = t.id)`;
}
