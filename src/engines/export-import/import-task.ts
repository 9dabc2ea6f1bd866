/** The task that imports an archive: checks it, brings in its bytes, and starts one task for each repository (core.md §8.3). */

import { sql } from '../../db/sql.ts';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import { resolveAllowedPath } from '../../lib/process/allowed-path.ts';
import { readJsonArray } from '../../lib/text/json-array.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import { findArtifacts } from '../../model/content/artifact.ts';
import { insertImport, repositoryMapping } from '../../model/exporter.ts';
import { insertRepositories, type NewRepository } from '../../model/repositories/new-repository.ts';
import { allTasksDispatched, openGroupProgress } from '../../model/tasks/task-group.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { type ExportField, fromRecord } from '../../plugin-api/declare/export-resource.ts';
import { prn } from '../../plugin-api/declare/model.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { saveReceived } from '../repository/save-received.ts';
import { Archive, checkPieces, readToc } from './archive.ts';
import { ANY_DOMAIN, ARTIFACTS, artifactName, REPOSITORIES, repositoryFields, VERSIONS_FILE } from './core-records.ts';
import type { ExportTypes } from './export-types.ts';
import { IMPORT_VERSION, type ImportVersionArgs } from './import-version-task.ts';

export interface ImportArgs {
  readonly importer: string;
  /** The body of the request as it was sent. */
  readonly params: object;
  readonly path?: string;
  readonly toc?: string;
  readonly createRepositories: boolean;
  /** The task's own group, which this task fills. */
  readonly group?: string;
}

export const PULP_IMPORT = 'pulpcore.app.tasks.importer.pulp_import';
export const REPOSITORY_PROGRESS = 'import.repo.versions';

export function pulpImportTask(types: ExportTypes): TaskFunction {
  return {
    name: PULP_IMPORT,
    async run(context, args: ImportArgs) {
      try {
        await importArchive(context, types, args);
      } finally {
        // Whoever waits for the group must not wait for tasks that will never be.
        if (context.task.taskGroup) await allTasksDispatched(context.db, context.task.taskGroup);
      }
      return null;
    },
    async cleanUp({ db }, { group }: ImportArgs) {
      if (group) await allTasksDispatched(db, group);
    },
  };
}

async function importArchive(context: TaskContext, types: ExportTypes, args: ImportArgs): Promise<void> {
  await noteImport(context, args);
  const pieces = await openPieces(context, args);
  const archive = await Archive.open(pieces);
  try {
    await checkVersions(archive, types);
    await importArtifacts(context, archive);
    await startRepositories(context, types, archive, args, pieces);
  } finally {
    await archive.close();
  }
}

async function noteImport(context: TaskContext, { importer, params }: ImportArgs): Promise<void> {
  const pulpId = uuid7();
  await context.write(async (tx) => {
    const { domain, task } = context;
    await insertImport(tx, { pulpId, domainId: domain.id, importerId: importer, taskId: task.pulpId, params });
    context.created(prn('core.pulpimport', pulpId));
  });
}

/** The files of the archive, in order, verified where there is a table of contents. */
async function openPieces(context: TaskContext, { path, toc }: ImportArgs): Promise<string[]> {
  if (toc === undefined) return [await allowed(context, path!)];
  const pieces = await readToc(await allowed(context, toc));
  const real = new Map<string, string>();
  for (const [piece, sum] of pieces) real.set(await allowed(context, piece), sum);
  const report = context.progress({ message: 'Validating Chunks', code: 'validate.chunks', total: real.size });
  try {
    await checkPieces(real, () => report.add(1), context.signal);
  } catch (error) {
    report.finish('failed');
    throw error;
  }
  report.finish();
  return [...real.keys()];
}

async function allowed({ settings }: TaskContext, path: string): Promise<string> {
  const real = await resolveAllowedPath(path, settings.allowedImportPaths);
  if (!real) throw new Error(`path '${path}' is not an allowed import path`);
  return real;
}

/** First two parts must be equal for every component of the archive. */
async function checkVersions(archive: Archive, types: ExportTypes): Promise<void> {
  const told = (await archive.json(VERSIONS_FILE)) as { component?: string; version?: string }[];
  const problems: string[] = [];
  for (const { component = '', version = '' } of told) {
    const own = types.versions.find((one) => one.component === component);
    if (!own) problems.push(`Export uses component '${component}' which is not installed.`);
    else if (minor(own.version) !== minor(version)) {
      problems.push(`Export version ${version} of ${component} incompatible with installed version ${own.version}.`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join(' '));
}

const minor = (version: string) => version.split('.').slice(0, 2).join('.');

const BATCH = 200;
const AT_ONCE = 4;
const ARTIFACT_FIELDS: readonly ExportField[] = [{ name: 'sha256' }, { name: 'size', kind: 'number' }];

interface WantedArtifact {
  readonly sha256: string;
  readonly size: number;
}

async function importArtifacts(context: TaskContext, archive: Archive): Promise<void> {
  const report = context.progress({ message: 'Importing Artifacts', code: 'import.artifacts' });
  let batch: WantedArtifact[] = [];
  const settle = async () => {
    await importBatch(context, archive, batch);
    report.add(batch.length);
    batch = [];
  };
  try {
    for await (const record of readJsonArray(archive.stream(`${ARTIFACTS}.json`))) {
      batch.push(fromRecord(ARTIFACT_FIELDS, record) as unknown as WantedArtifact);
      if (batch.length === BATCH) await settle();
    }
    if (batch.length > 0) await settle();
  } catch (error) {
    report.finish('failed');
    throw error;
  }
  report.finish();
}

/** What the domain has already is not unpacked. */
async function importBatch(context: TaskContext, archive: Archive, batch: readonly WantedArtifact[]): Promise<void> {
  const { db, domain, signal, settings } = context;
  const bad = batch.find(({ sha256 }) => !/^[0-9a-f]{64}$/.test(sha256));
  if (bad) throw new Error(`The archive names an artifact '${bad.sha256}', which is no SHA-256.`);
  const known = await findArtifacts(
    db,
    domain.id,
    batch.map(({ sha256 }) => sha256),
  );
  const store = context.storage(domain);
  const received: TempArtifact[] = [];
  const digests = settings.allowedContentChecksums;
  try {
    await forEachConcurrent(
      batch.filter(({ sha256 }) => !known.has(sha256)),
      AT_ONCE,
      async ({ sha256, size }) => {
        const name = [artifactName(sha256), artifactName(sha256, ANY_DOMAIN)].find((one) => archive.has(one));
        if (!name) {
          throw new Error(
            `The archive lacks the artifact ${sha256}, and it is not here: import the export it continues first.`,
          );
        }
        received.push(
          await store.receive(archive.stream(name), { digests, expected: { size, digests: { sha256 } }, signal }),
        );
      },
    );
    await saveReceived(context, domain, received);
  } catch (error) {
    for (const temp of received) await store.discard(temp);
    throw error;
  }
}

interface Destination {
  readonly source: string;
  readonly folder: string;
  readonly repository: string;
  readonly pulpType: string;
}

async function startRepositories(
  context: TaskContext,
  types: ExportTypes,
  archive: Archive,
  args: ImportArgs,
  pieces: readonly string[],
): Promise<void> {
  const destinations = await findDestinations(context, types, archive, args);
  const group = context.task.taskGroup;
  if (group) {
    const total = destinations.length;
    await openGroupProgress(context.db, group, {
      code: REPOSITORY_PROGRESS,
      message: 'Importing repository versions',
      total,
    });
  }
  const lanes = await lanesOf(context);
  for (const [index, { source, folder, repository, pulpType }] of destinations.entries()) {
    await context.dispatch({
      name: IMPORT_VERSION,
      args: { importer: args.importer, source, folder, repository, pieces } satisfies ImportVersionArgs,
      exclusive: [`import-worker-${index % lanes}`, context.models.prnOfType('repository', pulpType, repository)],
      taskGroup: group,
    });
  }
}

/** How many repositories are imported at once. */
async function lanesOf({ db, settings }: TaskContext): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    select count(*) as count from app_status where app_type = 'worker' and last_heartbeat > now() - interval '1 minute'`);
  return Math.max(1, Math.floor(((row?.count ?? 1) * settings.importWorkersPercent) / 100));
}

async function findDestinations(
  context: TaskContext,
  types: ExportTypes,
  archive: Archive,
  args: ImportArgs,
): Promise<Destination[]> {
  const mapping = await repositoryMapping(context.db, args.importer);
  const folders = new Set(
    [...archive.names]
      .filter((name) => name.startsWith('repository-'))
      .map((name) => name.slice(0, name.lastIndexOf('/'))),
  );
  const found: Destination[] = [];
  for await (const record of readJsonArray(archive.stream(`${REPOSITORIES}.json`))) {
    const values = fromRecord(repositoryFields, record);
    const source = String(values.name);
    const pulpType = String(values.pulp_type);
    const folder = [...folders].find(
      (one) => one.startsWith(`repository-${source}_`) && /^\d+$/.test(one.slice(`repository-${source}_`.length)),
    );
    if (!folder) throw new Error(`The archive has no content for the repository ${source}.`);
    const repository = await destinationOf(context, types, archive, {
      source,
      pulpType,
      values,
      folder,
      mapping,
      create: args.createRepositories,
    });
    if (repository) found.push({ source, folder, repository, pulpType });
    else
      context.logger.warn(
        { repository: source },
        `Could not find the destination repository for ${source}: it is skipped`,
      );
  }
  return found;
}

interface Wanted {
  readonly source: string;
  readonly pulpType: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly folder: string;
  readonly mapping: ReadonlyMap<string, string>;
  readonly create: boolean;
}

/** The mapped repository, else one of the same name, else a new one where that is wanted. */
async function destinationOf(
  context: TaskContext,
  types: ExportTypes,
  archive: Archive,
  wanted: Wanted,
): Promise<string | undefined> {
  const { db, domain } = context;
  const mapped = wanted.mapping.get(wanted.source);
  const condition = mapped === undefined ? sql`name = ${wanted.source}` : sql`pulp_id = ${mapped}`;
  const row = await db.row<{ pulp_id: string; pulp_type: string; name: string }>(
    sql`select pulp_id, pulp_type, name from repository where domain_id = ${domain.id} and ${condition}`,
  );
  if (row && row.pulp_type !== wanted.pulpType) {
    throw new Error(
      `The repository ${row.name} is of type ${row.pulp_type}, the exported ${wanted.source} of type ${wanted.pulpType}.`,
    );
  }
  if (row) return row.pulp_id;
  return wanted.create ? await createRepository(context, types, archive, wanted) : undefined;
}

async function createRepository(
  context: TaskContext,
  types: ExportTypes,
  archive: Archive,
  { source, pulpType, values, folder }: Wanted,
): Promise<string> {
  const resource = types.resourcesOf(pulpType).find(({ repository }) => repository?.pulpType === pulpType);
  const file = `${folder}/${resource?.name}.json`;
  const [record] = resource && archive.has(file) ? ((await archive.json(file)) as Record<string, unknown>[]) : [];
  const details = record ? fromRecord(resource!.fields, record) : {};
  const pulpId = uuid7();
  const repository: NewRepository = {
    id: pulpId,
    type: pulpType,
    name: source,
    description: (values.description as string | null) || null,
    retain_repo_versions: (values.retain_repo_versions as number | null) ?? null,
    retain_checkpoints: (values.retain_checkpoints as number | null) ?? null,
    details,
  };
  await context.write((tx) => insertRepositories(tx, context.domain.id, [repository]));
  return pulpId;
}
