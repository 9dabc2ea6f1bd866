/** Syncs a file repository from a git repository: the files of one commit, without its history. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { mapConcurrent } from '../../lib/flow/map-concurrent.ts';
import type {
  DeclaredContent,
  Downloader,
  OpenedSync,
  SyncContext,
  TempArtifact,
  Values,
} from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { findCommit, referenceOf, type Snapshot, UnknownRef } from './git/find-commit.ts';
import { type LfsSource, locate, POINTER_BYTES, type Pointer, readPointer } from './git/lfs.ts';
import { type Reference, UploadPack } from './git/upload-pack.ts';
import { type GitFile, walkTree } from './git/walk-tree.ts';

/** What the repository remembers of its last sync; names are those of the wire. */
interface GitDetails {
  readonly remote_pk: string;
  readonly url: string;
  readonly git_ref: string;
  readonly commit: string;
  readonly mirror: boolean;
  readonly most_recent_version: number;
}

export async function openGit(context: SyncContext): Promise<OpenedSync | 'unchanged'> {
  const downloader = context.downloader(context.remote.settings);
  context.atEnd(() => downloader.close());
  const { server, references } = await connect(context, downloader);
  const told = referenceOf(references, refOf(context));
  const expected = told && detailsOf(context, told.peeled ?? told.oid);
  if (expected && (await isUnchanged(context, expected(context.latest.number)))) return 'unchanged';
  const snapshot = await resolve(context, server, references);
  context.atEnd(() => snapshot.pack.close());
  return {
    units: declareFiles(context, snapshot, downloader),
    end: () => ({ details: detailsOf(context, snapshot.commit) }),
  };
}

const refOf = ({ remote }: SyncContext): string => String(remote.details.git_ref || 'HEAD');

function detailsOf(context: SyncContext, commit: string): (version: number) => GitDetails & Values {
  return (version) => ({
    remote_pk: context.remote.pulpId,
    url: context.remote.settings.url,
    git_ref: refOf(context),
    commit,
    mirror: context.options.mirror === true,
    most_recent_version: version,
  });
}

/** Whether a sync would end where the last one did. */
async function isUnchanged(context: SyncContext, now: GitDetails): Promise<boolean> {
  const last = context.repository.details.last_sync_details as Partial<GitDetails> | undefined;
  if (context.options.optimize === false || !last || (now.mirror && !last.mirror)) return false;
  const same = (['remote_pk', 'url', 'git_ref', 'commit', 'most_recent_version'] as const).every(
    (name) => last[name] === now[name],
  );
  return same && !(await context.hasMissingArtifacts());
}

async function connect(context: SyncContext, downloader: Downloader) {
  const { url } = context.remote.settings;
  const report = context.progress({ message: 'Cloning Git Repository', code: 'sync.git.cloning', total: 1 });
  try {
    const server = await UploadPack.connect(downloader, url, context.signal);
    const references = await server.references();
    report.add(1);
    report.finish();
    return { server, references };
  } catch (error) {
    report.finish('failed');
    context.signal.throwIfAborted();
    throw new Error(`Failed to clone git repository '${url}': ${messageOf(error)}`, { cause: error });
  }
}

async function resolve(context: SyncContext, server: UploadPack, references: readonly Reference[]): Promise<Snapshot> {
  const ref = refOf(context);
  const directory = await context.workDirectory();
  const report = context.progress({ message: 'Resolving Git ref', code: 'sync.git.resolving_ref', total: 1 });
  try {
    const found = await findCommit(server, references, ref, () => join(directory, `${randomUUID()}.pack`));
    report.add(1);
    report.finish();
    return found;
  } catch (error) {
    report.finish('failed');
    context.signal.throwIfAborted();
    if (error instanceof UnknownRef) throw new Error(`Could not resolve git ref '${ref}': ${error.message}`);
    throw new Error(`Failed to clone git repository '${context.remote.settings.url}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const FILES_AT_ONCE = 8;
/** Objects asked for in one request to the LFS server. */
const LFS_BATCH = 100;

interface Pointing {
  readonly path: string;
  readonly pointer: Pointer;
}

async function* declareFiles(
  context: SyncContext,
  snapshot: Snapshot,
  downloader: Downloader,
): AsyncGenerator<DeclaredContent[]> {
  const report = context.progress({ message: 'Parsing Git tree', code: 'sync.git.parsing_tree' });
  let pointing: Pointing[] = [];
  try {
    for await (const found of mapConcurrent(walkTree(snapshot), FILES_AT_ONCE, (file) =>
      readFile(context, snapshot, file),
    )) {
      report.add(1);
      if ('pointer' in found) pointing.push(found);
      else yield [declare(found.path, found.temp)];
      if (pointing.length === LFS_BATCH) yield await fetchLfs(context, downloader, pointing);
      if (pointing.length === LFS_BATCH) pointing = [];
    }
    if (pointing.length > 0) yield await fetchLfs(context, downloader, pointing);
  } catch (error) {
    report.finish('failed');
    throw error;
  }
  report.finish();
}

async function readFile(
  context: SyncContext,
  { pack }: Snapshot,
  { path, oid, size }: GitFile,
): Promise<Pointing | { path: string; temp: TempArtifact }> {
  const pointer = size < POINTER_BYTES ? readPointer(await pack.read(oid)) : undefined;
  if (pointer) return { path, pointer };
  return { path, temp: await context.content.receive(pack.stream(oid)) };
}

async function fetchLfs(
  context: SyncContext,
  downloader: Downloader,
  files: readonly Pointing[],
): Promise<DeclaredContent[]> {
  const sources = await locate(
    downloader,
    context.remote.settings.url,
    files.map(({ pointer }) => pointer),
    context.signal,
  ).catch((error: unknown) => new Error(messageOf(error)));
  const fetch = async ({ path, pointer }: Pointing) => {
    const source = sources instanceof Error ? sources : sources.get(pointer.sha256);
    try {
      if (!source) throw new Error('the LFS server does not know it');
      if (source instanceof Error) throw source;
      return declare(path, await fetchObject(context, downloader, source, pointer));
    } catch (error) {
      context.signal.throwIfAborted();
      throw new Error(`Failed to resolve LFS blob '${path}': ${messageOf(error)}`, { cause: error });
    }
  };
  return await Array.fromAsync(mapConcurrent(files, FILES_AT_ONCE, fetch));
}

async function fetchObject(
  context: SyncContext,
  downloader: Downloader,
  { href, headers }: LfsSource,
  { sha256, size }: Pointer,
): Promise<TempArtifact> {
  return await downloader.download(href, (body) => context.content.receive(body, { size, digests: { sha256 } }), {
    headers,
    signal: context.signal,
  });
}

/** The bytes are here: nothing is kept of where they came from, as a single file cannot be fetched again. */
function declare(relativePath: string, temp: TempArtifact): DeclaredContent {
  const { size, digests } = temp;
  return {
    type: fileContent,
    values: { relative_path: relativePath, digest: digests.sha256 },
    artifacts: [{ relativePath, size, digests, temp }],
  };
}
