/** The task that writes repository versions into an archive with a table of contents (core.md §8.1). */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PulpError } from '../../lib/errors.ts';
import { resolveAllowedPath } from '../../lib/process/allowed-path.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import {
  type ExporterRow,
  exportedVersions,
  findExporter,
  insertExport,
  repositoriesOf,
} from '../../model/exporter.ts';
import { findVersionById, latestVersion, type VersionRow } from '../../model/repositories/repository-version.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { Repository } from '../../plugin-api/contracts/version.ts';
import { toRecord } from '../../plugin-api/declare/export-resource.ts';
import { prn } from '../../plugin-api/declare/model.ts';
import { ChunkedFile, checksumText } from './chunked-file.ts';
import { REPOSITORIES, repositoryFields, VERSIONS_FILE } from './core-records.ts';
import { type ArtifactChoice, exportArtifacts, measureArtifacts } from './export-artifacts.ts';
import type { ExportTypes } from './export-types.ts';
import { type ExportedVersion, exportVersion } from './export-version.ts';
import { TarWriter } from './tar-writer.ts';
import { lacksBytes } from './version-content.ts';

export interface PulpExportArgs {
  readonly exporter: string;
  /** The body of the request as it was sent. */
  readonly params: object;
  readonly full: boolean;
  /** Ids of versions; the newest of each repository where none are given. */
  readonly versions?: readonly string[];
  readonly startVersions?: readonly string[];
  /** Bytes. */
  readonly chunkSize: number | null;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
}

export const PULP_EXPORT = 'pulpcore.app.tasks.export.pulp_export';

interface Plan {
  readonly exporter: ExporterRow;
  readonly directory: string;
  readonly versions: readonly ExportedVersion[];
  readonly choice: ArtifactChoice;
}

export function pulpExportTask(types: ExportTypes): TaskFunction {
  return {
    name: PULP_EXPORT,
    async run(context, args: PulpExportArgs) {
      const plan = await makePlan(context, args);
      if (args.dryRun) return await foresee(context, plan);
      await runExport(context, types, args, plan);
      return null;
    },
  };
}

async function makePlan(context: TaskContext, args: PulpExportArgs): Promise<Plan> {
  const { db, domain, settings } = context;
  const exporter = await findExporter(db, domain.id, args.exporter);
  if (!exporter) throw new Error('The exporter is gone.');
  const directory = await resolveAllowedPath(exporter.path, settings.allowedExportPaths);
  if (!directory) throw new Error(`Path '${exporter.path}' is not an allowed export path`);
  const versions = await versionsOf(context, await repositoriesOf(db, exporter.pulpId), args.versions);
  const places = versions.map(({ version }) => version);
  if (await lacksBytes(db, places)) throw new Error('Remote artifacts cannot be exported.');
  const without = args.full ? [] : await startingVersions(context, exporter, args, places);
  return { exporter, directory, versions, choice: { versions: places, without } };
}

async function versionsOf(
  { db, domain }: TaskContext,
  repositories: readonly Repository[],
  ids: readonly string[] | undefined,
): Promise<ExportedVersion[]> {
  const named = await findVersions(db, domain.id, ids ?? []);
  const found: ExportedVersion[] = [];
  for (const repository of repositories) {
    const version = named.find(({ repositoryId }) => repositoryId === repository.id);
    if (ids && !version) throw new Error(`A version of the repository ${repository.name} is gone.`);
    found.push({ repository, version: version ?? (await latestVersion(db, repository.id)) });
  }
  return found;
}

async function findVersions(db: TaskContext['db'], domainId: number, ids: readonly string[]): Promise<VersionRow[]> {
  const found: VersionRow[] = [];
  for (const id of ids) {
    const version = await findVersionById(db, domainId, id);
    if (version) found.push(version);
  }
  return found;
}

/** What the receiver has already: the versions named, or those of the last export. */
async function startingVersions(
  { db, domain }: TaskContext,
  exporter: ExporterRow,
  { startVersions }: PulpExportArgs,
  now: readonly VersionRow[],
): Promise<VersionRow[]> {
  const ids = startVersions ?? (exporter.lastExport ? await exportedVersions(db, exporter.lastExport) : []);
  const before = await findVersions(db, domain.id, ids);
  return before.filter((one) => now.some(({ repositoryId }) => repositoryId === one.repositoryId));
}

/** What would be written, without writing it. */
async function foresee(context: TaskContext, { versions, choice }: Plan): Promise<object> {
  const { count, bytes } = await measureArtifacts(context, choice);
  const shown = versions.map(({ repository, version }) => ({ repository: repository.name, version: version.number }));
  return { dry_run: true, versions: shown, artifacts: count, bytes };
}

async function runExport(context: TaskContext, types: ExportTypes, args: PulpExportArgs, plan: Plan): Promise<void> {
  const id = uuid7();
  await mkdir(plan.directory, { recursive: true });
  const stem = join(plan.directory, `export-${id}-${timeStamp(new Date())}`);
  const output = new ChunkedFile(`${stem}.tar`, args.chunkSize);
  const toc = `${stem}-toc.json`;
  try {
    await writeArchive(context, types, new TarWriter(output, await context.workDirectory()), plan);
    const sums = Object.fromEntries([...output.files].map(([path, sum]) => [path, checksumText(sum)]));
    const digest = await writeToc(toc, args, sums);
    await context.write(async (tx) => {
      await insertExport(tx, {
        pulpId: id,
        domainId: context.domain.id,
        exporterId: plan.exporter.pulpId,
        taskId: context.task.pulpId,
        params: args.params,
        exported: plan.versions.map(({ version }) => prn('core.repositoryversion', version.pulpId)),
        files: { ...sums, [toc]: digest },
        toc: { file: toc, sha256: digest, meta: args.meta },
      });
      context.created(prn('core.pulpexport', id));
    });
  } catch (error) {
    await output.discard();
    await rm(toc, { force: true });
    throw exportError(error);
  }
}

/** Errors of the file system name no more than they must. */
function exportError(error: unknown): unknown {
  const { code, path } = error as { code?: string; path?: string };
  if (code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS') {
    const what = code === 'ENOSPC' ? 'there is no room left' : 'it may not be written';
    return new PulpError('PLP0015', `Export failed: ${what} at ${path ?? 'the path of the exporter'}.`);
  }
  return error;
}

async function writeArchive(context: TaskContext, types: ExportTypes, tar: TarWriter, plan: Plan): Promise<void> {
  const apps = new Set(plan.versions.map(({ repository }) => repository.pulpType.split('.')[0]!));
  const versions = types.versions.filter(({ component }) => component === 'core' || apps.has(component));
  await tar.addText(VERSIONS_FILE, JSON.stringify(versions.map(({ component, version }) => ({ component, version }))));
  await exportArtifacts(context, tar, plan.choice);
  await tar.addRecords(`${REPOSITORIES}.json`, repositoryRecords(context, plan.versions));
  for (const one of plan.versions) await exportVersion(context, tar, one, types.resourcesOf(one.repository.pulpType));
  await tar.end();
}

async function* repositoryRecords({ domain }: TaskContext, versions: readonly ExportedVersion[]) {
  yield versions.map(({ repository }) => ({
    ...toRecord(repositoryFields, repository.row),
    pulp_domain: domain.pulpId,
  }));
}

/** Answers the sha256 of the table of contents. */
async function writeToc(
  path: string,
  { meta, chunkSize }: PulpExportArgs,
  sums: Record<string, string>,
): Promise<string> {
  const files = Object.fromEntries(Object.entries(sums).map(([file, sum]) => [basename(file), sum]));
  const own = { checksum_type: 'crc32', ...(chunkSize !== null && { chunk_size: chunkSize }) };
  const file = await open(path, 'wx');
  await file.writeFile(JSON.stringify({ meta: { ...meta, ...own }, files }));
  await file.sync();
  await file.close();
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** `YYYYMMDD_HHMM` in UTC. */
function timeStamp(now: Date): string {
  return now.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '_');
}
