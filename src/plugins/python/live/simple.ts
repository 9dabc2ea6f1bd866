/** The simple pages of a live index: the list of projects, the files of one, in HTML and JSON (PEP 503, 691). */

import type { LiveAnswer } from '../../../plugin-api/index.ts';
import { type IndexFile, LAST_SERIAL } from '../formats/index-file.ts';
import { normalizeName } from '../formats/project-name.ts';
import { writeIndexPage, writeProjectPage } from '../formats/simple-html.ts';
import { writeIndexJson, writeProjectJson } from '../formats/simple-json.ts';
import { type PackageOfVersion, packagesOfProject, projectsOfVersion, yanksOfProject } from '../version-packages.ts';
import { SIMPLE_JSON, type SimpleType } from './negotiate.ts';
import { fileUrl, ownUrl, type ServedIndex } from './served-index.ts';
import { upstreamFiles } from './upstream-files.ts';
import { cacheHeaders } from './validators.ts';
import { type VersionFacts, versionFacts } from './version-facts.ts';

const SIMPLE_MAX_AGE = 600;

/** The list of projects. */
export async function indexPage(index: ServedIndex, type: SimpleType): Promise<LiveAnswer> {
  const { version, request } = index;
  const projects = version ? await projectsOfVersion(request.services.db, version) : [];
  const body = type === SIMPLE_JSON ? writeIndexJson(projects) : writeIndexPage(projects);
  return await pageAnswer(index, type, body);
}

/** The files of a project, here and upstream; 404 where there are none. */
export async function projectPage(index: ServedIndex, name: string, type: SimpleType): Promise<LiveAnswer> {
  const normalized = normalizeName(name);
  const local = await localFiles(index, normalized);
  const here = new Set(local.map(({ file }) => file.filename));
  const upstream = index.distribution.row.remote_id ? await upstreamFiles(index, normalized) : [];
  const remote = upstream.filter(({ file }) => !here.has(file.filename));
  const all = [...local, ...remote];
  if (all.length === 0)
    return { status: 404, headers: { 'Content-Type': HTML_TYPE }, body: `${normalized} does not exist.` };
  const files = all.map(({ file }) => file);
  const versions = [...new Set(all.map((one) => one.version))].sort();
  const body =
    type === SIMPLE_JSON ? writeProjectJson(normalized, files, versions) : writeProjectPage(normalized, files);
  return await pageAnswer(index, type, body);
}

const HTML_TYPE = 'text/html; charset=utf-8';

async function pageAnswer(index: ServedIndex, type: SimpleType, body: string): Promise<LiveAnswer> {
  const validators = await versionFacts(index);
  const headers = {
    'Content-Type': type,
    'X-PyPI-Last-Serial': String(LAST_SERIAL),
    ...cacheHeaders(validators, SIMPLE_MAX_AGE),
  };
  return { status: 200, headers, body: Buffer.from(body) };
}

const NONE: ReadonlyMap<string, string> = new Map();

export interface FileOfVersion {
  readonly version: string;
  readonly file: IndexFile;
}

async function localFiles(index: ServedIndex, normalized: string): Promise<FileOfVersion[]> {
  const { version, request } = index;
  if (!version) return [];
  const { db } = request.services;
  const facts = (await versionFacts(index)) as VersionFacts;
  const packages = await packagesOfProject(db, version, normalized, facts.hasProvenance);
  if (packages.length === 0) return [];
  const yanks = facts.hasYanks ? await yanksOfProject(db, version, normalized) : NONE;
  return packages.map((one) => ({ version: one.version, file: fileOf(index, one, yanks) }));
}

function fileOf(index: ServedIndex, row: PackageOfVersion, yanks: ReadonlyMap<string, string>): IndexFile {
  const { filename, version, sha256 } = row;
  return {
    filename,
    url: fileUrl(index, filename),
    hashes: { sha256 },
    requiresPython: row.requires_python || null,
    metadata: row.metadata_sha256,
    yanked: yanks.get(version) ?? null,
    size: row.size,
    uploadTime: row.added instanceof Date ? row.added.toISOString() : row.added,
    provenance: row.has_provenance
      ? `${ownUrl(index)}integrity/${row.name_normalized}/${version}/${filename}/provenance/`
      : null,
  };
}
