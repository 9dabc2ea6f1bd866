/** Tasks that lay out what a publication or version serves in a directory (core.md §8.2). */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sql, sql } from '../../db/sql.ts';
import { resolveAllowedPath } from '../../lib/process/allowed-path.ts';
import { isErrno } from '../../lib/process/errno.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import { type ExporterRow, findExporter, insertExport } from '../../model/exporter.ts';
import { inVersion, type VersionPlace } from '../../model/repositories/membership.ts';
import { findVersionById } from '../../model/repositories/repository-version.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { prn } from '../../plugin-api/declare/model.ts';
import { contentIds } from './version-content.ts';

export interface FilesystemExportArgs {
  readonly exporter: string;
  readonly params: object;
  /** PRN of what is exported. */
  readonly exported: string;
  /** Ids. */
  readonly publication?: string;
  readonly version: string;
  readonly startVersion?: string;
}

export const PUBLICATION_EXPORT = 'pulpcore.app.tasks.export.fs_publication_export';
export const VERSION_EXPORT = 'pulpcore.app.tasks.export.fs_repo_version_export';

export const filesystemExportTasks: readonly TaskFunction[] = [PUBLICATION_EXPORT, VERSION_EXPORT].map((name) => ({
  name,
  run: runExport,
}));

interface ExportedFile {
  readonly path: string;
  /** Of the artifact here; null without one. */
  readonly sha256: string | null;
  /** A file of this machine that a remote names for bytes that are not here, and its digest where it is known. */
  readonly url: string | null;
  readonly expected: string | null;
}

type Batches = AsyncIterable<readonly ExportedFile[]>;

async function runExport(context: TaskContext, args: FilesystemExportArgs): Promise<null> {
  const { db, domain, task } = context;
  const exporter = await findExporter(db, domain.id, args.exporter);
  if (!exporter) throw new Error('The exporter is gone.');
  const directory = await emptyDirectory(context, exporter);
  await requireBytes(filesOf(context, args));
  const report = context.progress({ message: 'Exporting Artifacts', code: 'export.artifacts' });
  const place = placerOf(context, exporter.method);
  const made = new Set<string>();
  for await (const batch of filesOf(context, args)) {
    for (const file of batch) {
      context.signal.throwIfAborted();
      await place(file, await targetOf(directory, file.path, made));
      report.add(1);
    }
  }
  report.finish();
  const pulpId = uuid7();
  await context.write(async (tx) => {
    await insertExport(tx, {
      pulpId,
      domainId: domain.id,
      exporterId: exporter.pulpId,
      taskId: task.pulpId,
      params: args.params,
      exported: [args.exported],
    });
    context.created(prn('core.filesystemexport', pulpId));
  });
  return null;
}

async function emptyDirectory({ settings }: TaskContext, exporter: ExporterRow): Promise<string> {
  const directory = await resolveAllowedPath(exporter.path, settings.allowedExportPaths);
  if (!directory) throw new Error(`Path '${exporter.path}' is not an allowed export path`);
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new Error('Cannot export to directories that contain existing data.');
  }
  return directory;
}

async function requireBytes(files: Batches): Promise<void> {
  for await (const batch of files) {
    if (batch.some(({ sha256, url }) => sha256 === null && url === null)) {
      throw new Error("Cannot export artifacts that haven't been downloaded.");
    }
  }
}

/** The file's place, with the directories on the way. Throws for a path that leads out. */
async function targetOf(directory: string, path: string, made: Set<string>): Promise<string> {
  const target = join(directory, path);
  if (!target.startsWith(`${directory}/`))
    throw new Error(`The path ${path} leads out of the directory of the exporter.`);
  const parent = dirname(target);
  if (!made.has(parent)) await mkdir(parent, { recursive: true });
  made.add(parent);
  return target;
}

/** How a file gets to its place. */
function placerOf(
  context: TaskContext,
  method: ExporterRow['method'],
): (file: ExportedFile, target: string) => Promise<void> {
  const store = context.storage(context.domain);
  const link = method === 'symlink' ? symlink : linkOrCopy;
  return async (file, target) => {
    if (file.sha256 === null) {
      const source = await upstreamFile(context, file);
      return await (method === 'write' ? copyFile(source, target, constants.COPYFILE_EXCL) : link(source, target));
    }
    if (method === 'write') return await store.driver.copyOut(store.keyOf(file.sha256), target);
    const source = store.driver.localPath(store.keyOf(file.sha256));
    if (source === undefined) {
      throw new Error(`The method ${method} needs artifacts in a file system; here only the method write can be used.`);
    }
    await link(source, target);
  };
}

/** The local file of a streamed unit. Throws when it may not be read, or is not what was synced. */
async function upstreamFile({ settings }: TaskContext, { url, expected }: ExportedFile): Promise<string> {
  const source = await resolveAllowedPath(fileURLToPath(url!), settings.allowedImportPaths);
  if (!source) throw new Error(`The file '${url}' is not below a directory from which may be imported`);
  const hash = createHash('sha256');
  for await (const piece of createReadStream(source)) hash.update(piece as Buffer);
  if (expected !== null && hash.digest('hex') !== expected) {
    throw new Error(`The file '${url}' is not the one that was synced: its sha256 is another one.`);
  }
  return source;
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (!isErrno(error, 'EXDEV', 'EPERM', 'EMLINK')) throw error;
    await copyFile(source, target, constants.COPYFILE_EXCL);
  }
}

/** What is to be seen, published files before units at the same path. */
async function* filesOf(context: TaskContext, args: FilesystemExportArgs): AsyncGenerator<readonly ExportedFile[]> {
  const { db, domain } = context;
  const version = await findVersionById(db, domain.id, args.version);
  if (!version) throw new Error('The repository version is gone.');
  const start = args.startVersion === undefined ? undefined : await findVersionById(db, domain.id, args.startVersion);
  if (args.publication === undefined) return yield* unitFiles(context, version, start, sql.raw('true'));
  const publication = await db.row<{ pass_through: boolean }>(
    sql`select pass_through from publication where pulp_id = ${args.publication} and domain_id = ${domain.id} and complete`,
  );
  if (!publication) throw new Error('The publication is gone.');
  yield* publishedFiles(context, args.publication, start);
  if (!publication.pass_through) return;
  const hidden = sql`not exists (select from published_artifact pa where pa.publication_id = ${args.publication}
    and pa.path_hash = ca.path_hash and pa.relative_path = ca.relative_path)`;
  yield* unitFiles(context, version, start, hidden);
}

const localSource = sql.raw(`left join lateral (
  select ra.url, encode(ra.sha256, 'hex') as expected from remote_artifact ra
    where ra.content_artifact_id = ca.id and a.id is null and starts_with(ra.url, 'file:') limit 1) upstream on true`);

async function* unitFiles(
  { db }: TaskContext,
  version: VersionPlace,
  start: VersionPlace | undefined,
  condition: Sql,
): AsyncGenerator<ExportedFile[]> {
  for await (const ids of contentIds(db, version)) {
    yield await db.rows<ExportedFile>(sql`
      select ca.relative_path as path, encode(a.sha256, 'hex') as sha256, upstream.url, upstream.expected
        from content_artifact ca left join artifact a on a.id = ca.artifact_id ${localSource}
        where ca.content_id = any(${ids}::bigint[]) and ${condition} and ${notInStart(start, sql.raw('ca.content_id'))}
        order by ca.id`);
  }
}

const BATCH = 2000;

async function* publishedFiles(
  { db }: TaskContext,
  publication: string,
  start: VersionPlace | undefined,
): AsyncGenerator<ExportedFile[]> {
  for (let after = ''; ; ) {
    const rows = await db.rows<ExportedFile>(sql`
      select pa.relative_path as path, encode(a.sha256, 'hex') as sha256, upstream.url, upstream.expected
        from published_artifact pa
        left join content_artifact ca on ca.id = pa.content_artifact_id
        left join artifact a on a.id = coalesce(pa.artifact_id, ca.artifact_id) ${localSource}
        where pa.publication_id = ${publication} and pa.relative_path collate "C" > ${after}
          and (ca.id is null or ${notInStart(start, sql.raw('ca.content_id'))})
        order by pa.relative_path collate "C" limit ${BATCH}`);
    if (rows.length === 0) return;
    after = rows.at(-1)!.path;
    yield rows;
  }
}

function notInStart(start: VersionPlace | undefined, content: Sql): Sql {
  if (!start) return sql.raw('true');
  return sql`not exists (select from repository_content rc where rc.content_id = ${content} and ${inVersion(start)})`;
}
