/** Writes published trees to a directory, for serving them without a server. */
import { link, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { sql } from '../../db/sql.ts';
import { forEachConcurrent } from '../../lib/flow/map-concurrent.ts';
import { isErrno } from '../../lib/process/errno.ts';
import { publicationOf } from '../../model/repositories/served.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import { MissingFile } from '../../storage/storage-errors.ts';
import { findByNames } from './named-objects.ts';
import { OperatorError } from './operator-error.ts';
import { findPublication, type PublicationFiles, publicationFiles } from './publication-files.ts';

export const dumpMethods = ['write', 'hardlink', 'symlink'] as const;
export type DumpMethod = (typeof dumpMethods)[number];

interface DumpRequest {
  readonly destination: string;
  readonly publication?: string | undefined;
  /** Distributions whose base path begins so; all when empty. */
  readonly pathPrefix: string;
  /** Only publications of this type, such as `file.file`. */
  readonly type?: string | undefined;
  readonly method: DumpMethod;
  readonly dryRun: boolean;
  /** Go on without files that are only upstream or lost. */
  readonly allowIncomplete: boolean;
  /** Write into directories that hold something already. */
  readonly allowDirty: boolean;
}

interface Tree {
  readonly directory: string;
  readonly publication: PublicationFiles;
}

const AT_ONCE = 8;

/** Tells each tree before it is written; answers the number of files. Throws OperatorError. */
export async function dumpPublications(
  services: Services,
  request: DumpRequest,
  tell: (line: string) => void,
): Promise<number> {
  const trees = (await findTrees(services, request)).filter(
    ({ publication }) => request.type === undefined || publication.pulpType === request.type,
  );
  if (trees.length === 0) throw new OperatorError('There is no publication to write.');
  if (!request.allowDirty) for (const { directory } of trees) await refuseFilled(directory);
  let files = 0;
  for (const tree of trees) {
    tell(`${tree.directory}: publication ${tree.publication.pulpId} (${tree.publication.pulpType})`);
    files += await dumpTree(services, request, tree);
  }
  return files;
}

async function findTrees({ db }: Services, request: DumpRequest): Promise<Tree[]> {
  const destination = resolve(request.destination);
  if (request.publication !== undefined) {
    const [id] = await findByNames(db, 'publication', [request.publication]);
    return [{ directory: destination, publication: (await findPublication(db, id!))! }];
  }
  const { pathPrefix } = request;
  const rows = await db.rows<{ pulp_id: string; base_path: string }>(sql`
    select pulp_id, base_path from distribution where starts_with(base_path, ${pathPrefix}) order by base_path`);
  const trees: Tree[] = [];
  for (const { pulp_id, base_path } of rows) {
    const id = await publicationOf(db, pulp_id);
    const publication = id && (await findPublication(db, id));
    if (publication) trees.push({ directory: join(destination, base_path), publication });
  }
  return trees;
}

async function refuseFilled(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  if (names.length > 0) {
    throw new OperatorError(`${directory} is not empty. Choose another place, or go on with --allow-dirty.`);
  }
}

async function dumpTree(services: Services, request: DumpRequest, { directory, publication }: Tree): Promise<number> {
  const { driver } = services.storage(publication.domain);
  let count = 0;
  await forEachConcurrent(publicationFiles(services.db, publication), AT_ONCE, async ({ path, key }) => {
    const target = join(directory, path);
    if (relative(directory, target).startsWith('..')) throw new OperatorError(`The path ${path} leaves ${directory}.`);
    const written = key !== null && (request.dryRun || (await place(driver, key, target, request)));
    if (written) count++;
    else if (!request.allowIncomplete) {
      throw new OperatorError(`${path} is not stored here. Sync it, or go on without it with --allow-incomplete.`);
    }
  });
  return count;
}

/** Whether the bytes are there. */
async function place(driver: StorageDriver, key: string, target: string, request: DumpRequest): Promise<boolean> {
  if (!(await driver.stat(key))) return false;
  await mkdir(dirname(target), { recursive: true });
  if (request.allowDirty) await rm(target, { force: true });
  const local = driver.localPath(key);
  try {
    if (request.method === 'write') await driver.copyOut(key, target);
    else if (local === undefined) throw new OperatorError('Links need the file system as storage; use --method write.');
    else await (request.method === 'hardlink' ? link(local, target) : symlink(local, target));
  } catch (error) {
    if (error instanceof MissingFile) return false;
    if (isErrno(error, 'EXDEV', 'EPERM')) {
      throw new OperatorError(
        `${target} cannot be a link to the storage (${(error as Error).message}); use another --method.`,
      );
    }
    throw error;
  }
  return true;
}
