/** The simple pages of a live index: the list of projects, the files of one, in HTML and JSON (PEP 503, 691). */

import type { Queryable, Version } from '../../../plugin-api/index.ts';
import type { FileOfVersion, IndexFile, IndexProject } from '../formats/index/index-file.ts';
import { writeIndexPage, writeProjectPage } from '../formats/index/simple-html.ts';
import { writeIndexJson, writeProjectJson } from '../formats/index/simple-json.ts';
import { releaseKey } from '../formats/version.ts';
import { type PackageOfVersion, projectsOfVersion } from '../version-packages.ts';
import type { KnownIndex } from './known-index.ts';
import { SIMPLE_JSON, type SimpleType } from './negotiate.ts';
import { fileUrl, ownUrl, type ServedIndex } from './served-index.ts';
import { upstreamFiles } from './upstream-files.ts';

/** The list of projects. */
export async function indexPage(index: ServedIndex, known: KnownIndex, type: SimpleType): Promise<string> {
  const projects = known.version ? await projectsOf(index.request.services.db, known, known.version) : [];
  return type === SIMPLE_JSON ? writeIndexJson(projects) : writeIndexPage(projects);
}

/** Of a list that is known only the projects that may have changed are read. */
async function projectsOf(db: Queryable, known: KnownIndex, version: Version): Promise<readonly IndexProject[]> {
  const { projects } = known;
  if (projects?.outdated.size === 0) return projects.list;
  const list = projects
    ? merged(
        projects.list.filter((one) => !projects.outdated.has(one.normalized)),
        await projectsOfVersion(db, version, [...projects.outdated]),
      )
    : await projectsOfVersion(db, version);
  known.keepProjects(list);
  return list;
}

function merged(kept: readonly IndexProject[], read: readonly IndexProject[]): IndexProject[] {
  const order = (a: IndexProject, b: IndexProject) => (a.normalized < b.normalized ? -1 : 1);
  return read.length === 0 ? [...kept] : [...kept, ...read].sort(order);
}

/** The files of a project, here and upstream; undefined where there are none. */
export async function projectPage(
  index: ServedIndex,
  known: KnownIndex,
  normalized: string,
  type: SimpleType,
): Promise<string | undefined> {
  const local = await localFiles(index, known, normalized);
  const here = new Set(local.map(({ file }) => file.filename));
  const upstream = index.distribution.row.remote_id ? await upstreamFiles(index, normalized) : [];
  const remote = upstream.filter(({ file }) => !here.has(file.filename));
  const all = [...local, ...remote];
  if (all.length === 0) return undefined;
  const files = all.map(({ file }) => file);
  if (type !== SIMPLE_JSON) return writeProjectPage(normalized, files);
  return writeProjectJson(normalized, files, [...new Set(all.map((one) => one.version))].sort());
}

async function localFiles(index: ServedIndex, known: KnownIndex, normalized: string): Promise<FileOfVersion[]> {
  const found = await known.reader(index.request.services.db)?.get(normalized);
  if (!found) return [];
  const urls = { files: fileUrl(index, ''), index: ownUrl(index) };
  return found.packages.map((one) => ({
    version: one.version,
    file: fileOf(urls, one, found.yanks?.get(releaseKey(one.version))),
  }));
}

function fileOf(
  urls: { readonly files: string; readonly index: string },
  row: PackageOfVersion,
  yanked: string | undefined,
): IndexFile {
  const { filename, version, sha256 } = row;
  return {
    filename,
    url: urls.files + encodeURIComponent(filename),
    hashes: { sha256 },
    requiresPython: row.requires_python || null,
    metadata: row.metadata_sha256 ? { sha256: row.metadata_sha256 } : null,
    yanked: yanked ?? null,
    size: row.size,
    uploadTime: row.added instanceof Date ? row.added.toISOString() : row.added,
    provenance: row.has_provenance
      ? `${urls.index}integrity/${row.name_normalized}/${version}/${filename}/provenance/`
      : null,
  };
}
