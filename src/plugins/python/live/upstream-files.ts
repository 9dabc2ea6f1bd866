/** The files of a project that upstream has, as links through the content app, which fetches and keeps them. */
import { type Remote, type Row, remoteOf, sql } from '../../../plugin-api/index.ts';
import { isSafeFilename, packageTypeOf, versionOf } from '../formats/filename.ts';
import type { FileOfVersion, IndexFile } from '../formats/index/index-file.ts';
import { filesOf } from '../sync/pull-through.ts';
import { namesVersion, selectionOf, wantsProject } from '../sync/select-files.ts';
import { fileUrl, type ServedIndex } from './served-index.ts';

/**
 * What the remote's requirements name; which kinds of files and whether prereleases are wanted matters to its syncs only, as
 * in Pulp: an installer chooses itself. Nothing where upstream does not answer: what is here stays usable.
 */
export async function upstreamFiles(index: ServedIndex, normalized: string): Promise<FileOfVersion[]> {
  const { services } = index.request;
  const row = await services.db.row<Row>(sql`select * from remote where pulp_id = ${index.distribution.row.remote_id}`);
  if (!row) return [];
  const remote = remoteOf(row, services.secrets);
  const selection = selectionOf(remote.details);
  if (!wantsProject(selection, normalized)) return [];
  const files = await answeredFiles(index, remote, normalized);
  return files
    .map((file) => ({ version: versionOf(file.filename, normalized), file }))
    .filter(({ version, file }) => isServed(file) && namesVersion(selection, normalized, version))
    .map(({ version, file }) => ({ version, file: throughHere(index, file) }));
}

const isServed = ({ filename }: IndexFile) => isSafeFilename(filename) && packageTypeOf(filename) !== undefined;

async function answeredFiles(
  { request }: ServedIndex,
  remote: Remote,
  normalized: string,
): Promise<readonly IndexFile[]> {
  const { services } = request;
  try {
    return await filesOf(services, remote, normalized);
  } catch (error) {
    services.logger.warn({ err: error, project: normalized }, 'the upstream index does not answer');
    return [];
  }
}

/** The content app is told where upstream has the file. */
function throughHere(index: ServedIndex, file: IndexFile): IndexFile {
  const bare = new URL(file.url);
  bare.search = '';
  bare.hash = '';
  return { ...file, url: `${fileUrl(index, file.filename)}?redirect=${encodeURI(bare.href)}`, provenance: null };
}
