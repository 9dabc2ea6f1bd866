/** Exports: what exporters have written, and the requests that start them (core.md §8.1, §8.2). */

import { sql } from '../../../db/sql.ts';
import {
  type FilesystemExportArgs,
  PUBLICATION_EXPORT,
  VERSION_EXPORT,
} from '../../../engines/export-import/filesystem-export-tasks.ts';
import { PULP_EXPORT, type PulpExportArgs } from '../../../engines/export-import/pulp-export-task.ts';
import { type ErrorBody, ValidationError } from '../../../lib/errors.ts';
import { repositoriesOf } from '../../../model/exporter.ts';
import type { Answer, Presenter, RequestContext } from '../../../plugin-api/contracts/context.ts';
import {
  boolean,
  type Field,
  list,
  object,
  type Row,
  reference,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { accepted } from '../../../plugin-api/toolkit/accepted.ts';
import { filesystemExporterModel, filesystemExportModel, pulpExporterModel, pulpExportModel } from '../models.ts';
import { nestedIdentity, nestedTable, requireParent, taskField, WITHOUT_FILTERS } from '../nested-records.ts';

interface Found {
  readonly id: string;
  readonly row: Row;
  readonly prn: string;
}

/** hrefs of what was exported, as far as it is still there. */
async function exportedHrefs(rows: readonly Row[], presenter: Presenter): Promise<(string | null)[][]> {
  const named = rows.map((row) => (row.exported as string[]).map((one) => one.split(':') as [string, string, string]));
  const idsOf = (label: (name: string) => boolean) =>
    named
      .flat()
      .filter(([, name]) => label(name))
      .map(([, , id]) => id);
  const { db } = presenter.services;
  const versions = await db.rows<{ id: string; type: string; repository: string; number: number }>(sql`
    select v.pulp_id as id, r.pulp_type as type, r.pulp_id as repository, v.number from repository_version v
      join repository r on r.id = v.repository_id
      where v.pulp_id = any(${idsOf((name) => name === 'core.repositoryversion')}::uuid[]) and v.complete`);
  const publications = await db.rows<{ id: string; type: string }>(sql`
    select pulp_id as id, pulp_type as type from publication
      where pulp_id = any(${idsOf((name) => name !== 'core.repositoryversion')}::uuid[])`);
  const hrefs = new Map<string, string | null>([
    ...versions.map(
      ({ id, type, repository, number }) =>
        [id, `${presenter.hrefOfType('repository', type, repository)}versions/${number}/`] as const,
    ),
    ...publications.map(({ id, type }) => [id, presenter.hrefOfType('publication', type, id)] as const),
  ]);
  return named.map((names) => names.flatMap(([, , id]) => hrefs.get(id) ?? []));
}

const resultFields: Record<string, Field> = {
  task: taskField({ nullable: true }),
  exported_resources: list(string({ format: 'uri' }), {
    help: 'What was exported.',
    readOnly: true,
    column: false,
    load: exportedHrefs,
  }),
  params: object({ help: 'What was asked for.', readOnly: true }),
};

const writeOnly = { required: false, writeOnly: true, column: false } as const;
const versionList = (help: string) =>
  // versions of another domain are refused like those of any repository that the exporter does not name
  list(reference(['repository_version'], { writeOnly: true, anyDomain: true }), { ...writeOnly, help });

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };
const MOST_BYTES = 1024 ** 4;

/** Bytes of `10MB`; throws with the words clients know. */
function chunkSize(text: string): number {
  const found = /^([0-9]+(?:\.[0-9]+)?)\s*(B|KB|MB|GB|TB)$/.exec(text.trim().toUpperCase());
  if (!found) {
    throw ValidationError.field('chunk_size', `chunk_size '${text}' is not valid (valid units are B/KB/MB/GB/TB)`);
  }
  const bytes = Math.floor(Number(found[1]) * UNITS[found[2]!]!);
  if (bytes <= 0) throw ValidationError.field('chunk_size', `Chunk size ${bytes} is not greater than zero!`);
  if (bytes > MOST_BYTES) {
    throw ValidationError.field(
      'chunk_size',
      `Chunk size in bytes ${bytes} is greater than max-chunk-size ${MOST_BYTES}!`,
    );
  }
  return bytes;
}

const hrefOfVersion = ({ row }: Found, request: RequestContext) =>
  `${request.hrefOfType('repository', String(row.repository_type), String(row.repository_pulp_id))}versions/${row.number}/`;

/** The request with references as hrefs, without what is so by default. */
function told(values: Values, request: RequestContext): Values {
  const { versions, start_versions, ...rest } = values;
  const hrefs = (found: unknown) => (found as Found[]).map((one) => hrefOfVersion(one, request));
  const plain = Object.entries(rest).filter(([name, value]) => value !== (name === 'full') && name !== 'task');
  return {
    ...(versions !== undefined && { versions: hrefs(versions) }),
    ...(start_versions !== undefined && { start_versions: hrefs(start_versions) }),
    ...Object.fromEntries(plain.filter(([name, value]) => !(name === 'dry_run' && value === false))),
  };
}

/** Versions must be one of each repository of the exporter. */
function checkVersions(
  field: 'versions' | 'start_versions',
  values: Values,
  repositories: readonly { pulpId: string }[],
): string[] | undefined {
  const given = values[field];
  if (given === undefined) return undefined;
  const versions = given as Found[];
  if (versions.length !== repositories.length) {
    throw ValidationError.field(
      field,
      `Number of versions (${versions.length}) does not match the number of Repositories (${repositories.length}) for the owning Exporter!`,
    );
  }
  const allowed = new Set(repositories.map(({ pulpId }) => pulpId));
  for (const { row } of versions) {
    if (allowed.delete(String(row.repository_pulp_id))) continue;
    throw ValidationError.field(
      field,
      'Requested RepositoryVersions must belong to the Repositories named by the Exporter!',
    );
  }
  return versions.map(({ id, row }) => String(row.pulp_id ?? id));
}

/** What is wrong with both lists is told at once. */
function bothVersions(values: Values, repositories: readonly { pulpId: string }[]) {
  const errors: Record<string, ErrorBody> = {};
  const check = (field: 'versions' | 'start_versions') => {
    try {
      return checkVersions(field, values, repositories);
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      Object.assign(errors, error.body);
      return undefined;
    }
  };
  const found = { versions: check('versions'), startVersions: check('start_versions') };
  if (Object.keys(errors).length > 0) throw new ValidationError(errors);
  return found;
}

async function startPulpExport(
  values: Values,
  request: RequestContext,
  params: Readonly<Record<string, string>>,
): Promise<Answer> {
  const exporter = await requireParent(request, pulpExporterModel, params);
  const repositories = await repositoriesOf(request.db, exporter);
  const full = values.full !== false;
  const bytes = typeof values.chunk_size === 'string' ? chunkSize(values.chunk_size) : null;
  const { versions, startVersions } = bothVersions(values, repositories);
  if (full && values.start_versions !== undefined) {
    throw ValidationError.cross('start_versions is only valid for incremental exports (full=False)');
  }
  if (!full && !startVersions) await requireLastExport(request, exporter);
  const args: PulpExportArgs = {
    exporter,
    params: told(values, request),
    full,
    ...(versions && { versions }),
    ...(startVersions && { startVersions }),
    chunkSize: bytes,
    meta: (values.meta as Record<string, unknown> | undefined) ?? {},
    dryRun: values.dry_run === true,
  };
  const { models } = request.services;
  const task = await request.dispatch({
    name: PULP_EXPORT,
    args,
    exclusive: [models.prnOfType('exporter', 'core.pulp', exporter)],
    shared: repositories.map(({ pulpType, pulpId }) => models.prnOfType('repository', pulpType, pulpId)),
  });
  return accepted(request, task);
}

async function requireLastExport(request: RequestContext, exporter: string): Promise<void> {
  const last = await request.db.row(
    sql`select 1 from exporter where pulp_id = ${exporter} and last_export_id is not null`,
  );
  if (last) return;
  throw ValidationError.field(
    'full',
    'Incremental export can only be requested when there is a previous export or start_versions= has been specified.',
  );
}

export const pulpExportResource: Resource = {
  model: pulpExportModel,
  tag: 'Exporters: Pulp Exports',
  operation: 'exporters_core_pulp_exports',
  hrefName: 'pulp_pulp_export_href',
  parentHref: 'pulp_exporter_href',
  component: 'PulpExport',
  noun: 'pulp export',
  description: 'Archives that were written.',
  table: nestedTable(pulpExportModel, pulpExporterModel),
  fields: {
    ...nestedIdentity(pulpExportModel),
    ...resultFields,
    full: boolean({ ...writeOnly, default: true, help: 'false leaves out artifacts that the last export had.' }),
    dry_run: boolean({ ...writeOnly, default: false, help: 'Only tells how much there is to be written.' }),
    versions: versionList('Versions to export, one of each repository; the newest by default.'),
    chunk_size: string({ ...writeOnly, help: 'Largest size of a file, such as 4GB; one file by default.' }),
    output_file_info: object({ help: 'Checksums of the files by path.', readOnly: true }),
    start_versions: versionList('Versions whose artifacts are left out, instead of those of the last export.'),
    toc_info: object({ help: 'The table of contents.', readOnly: true }),
    meta: object({ ...writeOnly, help: 'Kept in the table of contents.' }),
  },
  filters: {},
  ordering: [],
  without: WITHOUT_FILTERS,
  operations: { list: true, read: true, create: 'task', delete: 'now' },
  actions: [],
  createNow: startPulpExport,
};

async function startFilesystemExport(
  values: Values,
  request: RequestContext,
  params: Readonly<Record<string, string>>,
): Promise<Answer> {
  const exporter = await requireParent(request, filesystemExporterModel, params);
  const publication = values.publication as Found | undefined;
  const version = values.repository_version as Found | undefined;
  if (Boolean(publication) === Boolean(version)) {
    throw ValidationError.cross('publication or repository_version must either be supplied but not both.');
  }
  const start = values.start_repository_version as Found | undefined;
  const versionId = String(version ? version.row.pulp_id : publication!.row.repository_version_id);
  const source = await sourceOf(request, versionId);
  if (start && String(start.row.repository_pulp_id) !== source.pulp_id) {
    throw ValidationError.field('start_repository_version', 'It must be a version of the repository that is exported.');
  }
  const hrefs = {
    ...(version && { repository_version: hrefOfVersion(version, request) }),
    ...(publication && {
      publication: request.hrefOfType('publication', String(publication.row.pulp_type), publication.id),
    }),
    ...(start && { start_repository_version: hrefOfVersion(start, request) }),
  };
  const args: FilesystemExportArgs = {
    exporter,
    params: hrefs,
    exported: publication ? publication.prn : `prn:core.repositoryversion:${versionId}`,
    ...(publication && { publication: publication.id }),
    version: versionId,
    ...(start && { startVersion: String(start.row.pulp_id) }),
  };
  const { models } = request.services;
  const task = await request.dispatch({
    name: publication ? PUBLICATION_EXPORT : VERSION_EXPORT,
    args,
    exclusive: [models.prnOfType('exporter', 'core.filesystem', exporter)],
    shared: [models.prnOfType('repository', source.pulp_type, source.pulp_id)],
  });
  return accepted(request, task);
}

async function sourceOf(request: RequestContext, versionId: string): Promise<{ pulp_id: string; pulp_type: string }> {
  const row = await request.db.row<{ pulp_id: string; pulp_type: string }>(sql`
    select r.pulp_id, r.pulp_type from repository_version v join repository r on r.id = v.repository_id
      where v.pulp_id = ${versionId}`);
  if (!row) throw ValidationError.field('repository_version', 'Invalid hyperlink - Object does not exist.');
  return row;
}

export const filesystemExportResource: Resource = {
  model: filesystemExportModel,
  tag: 'Exporters: Filesystem Exports',
  operation: 'exporters_core_filesystem_exports',
  hrefName: 'filesystem_filesystem_export_href',
  parentHref: 'filesystem_exporter_href',
  component: 'FilesystemExport',
  noun: 'filesystem export',
  description: 'Directories that were written.',
  table: nestedTable(filesystemExportModel, filesystemExporterModel),
  fields: {
    ...nestedIdentity(filesystemExportModel),
    ...resultFields,
    publication: reference('publication', { ...writeOnly, help: 'The publication to export.' }),
    repository_version: reference(['repository_version'], { ...writeOnly, help: 'The version to export.' }),
    start_repository_version: reference(['repository_version'], {
      ...writeOnly,
      help: 'Units of this version are left out.',
    }),
  },
  filters: {},
  ordering: [],
  without: WITHOUT_FILTERS,
  operations: { list: true, read: true, create: 'task', delete: 'now' },
  actions: [],
  createNow: startFilesystemExport,
};
