/** JSON metadata of projects (`pypi/<name>/json`), as installers and tools of the public index read it. */
import type { LiveAnswer, Queryable, Row, Version } from '../../../plugin-api/index.ts';
import { sql } from '../../../plugin-api/index.ts';
import { LAST_SERIAL } from '../formats/index/index-file.ts';
import { normalizeName } from '../formats/project-name.ts';
import { compareVersions, compareVersionTexts, isPrerelease, parseVersion, releaseKey } from '../formats/version.ts';
import { type PackageOfVersion, packagesOfProject, yanksOfProject } from '../version-packages.ts';
import { knownIndex } from './known-index.ts';
import { fileUrl, type ServedIndex, servedVersion } from './served-index.ts';
import { cacheHeaders, isUnchanged, notModified } from './validators.ts';

/** Of the newest release or the one asked for; 404 without a body where there is none. */
export async function metadataAnswer(index: ServedIndex, name: string, asked: string | null): Promise<LiveAnswer> {
  const { request } = index;
  const version = servedVersion(index);
  const { facts: validators } = await knownIndex(index, await request.kept(index.distribution));
  const headers = { 'X-PYPI-LAST-SERIAL': String(LAST_SERIAL), ...cacheHeaders(validators, index.isPrivate) };
  if (isUnchanged(request.headers, validators?.etag, validators?.lastModified)) return notModified(headers);
  const body = await projectMetadata(request.services.db, version, {
    name,
    asked,
    urlOf: (filename) => fileUrl(index, filename),
  });
  return body ? { status: 200, headers, body } : { status: 404, headers: cacheHeaders(validators, index.isPrivate) };
}

/** The release that is asked for, in whatever spelling: `1.00` is `1.0`. */
function releaseOf(asked: string, releases: readonly string[]): string | undefined {
  const version = parseVersion(asked);
  const isSame = (text: string) => {
    const other = version && parseVersion(text);
    return other !== undefined && compareVersions(version!, other) === 0;
  };
  return releases.includes(asked) ? asked : releases.find(isSame);
}

/** Files of one release whose names spell its version in several ways are told under the first spelling. */
function releasesOf(packages: readonly PackageOfVersion[]): Map<string, PackageOfVersion[]> {
  const byKey = Map.groupBy(packages, (one) => releaseKey(one.version));
  return new Map(Array.from(byKey.values(), (files) => [files[0]!.version, files]));
}

/** The newest final release that was not taken back, as on the public index; where there is none the newest of the others. */
function newestOf(releases: readonly string[], yanks: ReadonlyMap<string, string>): string | undefined {
  const rank = (text: string) => {
    const version = parseVersion(text);
    return (yanks.has(releaseKey(text)) ? 0 : 2) + (version && isPrerelease(version) ? 0 : 1);
  };
  return releases.toSorted((a, b) => rank(a) - rank(b) || compareVersionTexts(a, b)).at(-1);
}

interface MetadataRequest {
  readonly name: string;
  /** The release; the newest when it is null. */
  readonly asked: string | null;
  readonly urlOf: (filename: string) => string;
}

/** The document of a project; undefined where the version has no such project or release. */
export async function projectMetadata(
  db: Queryable,
  version: Version,
  { name, asked, urlOf }: MetadataRequest,
): Promise<object | undefined> {
  const normalized = normalizeName(name);
  const packages = await packagesOfProject(db, version, normalized);
  const releases = releasesOf(packages);
  const yanks = await yanksOfProject(db, version, normalized);
  const latest = newestOf([...releases.keys()], yanks);
  const shown = asked === null ? latest : releaseOf(asked, [...releases.keys()]);
  const files = shown === undefined ? undefined : releases.get(shown);
  if (!files) return undefined;
  const describe = (one: PackageOfVersion) => fileObject(urlOf(one.filename), one, yanks.get(releaseKey(one.version)));
  return {
    last_serial: 0,
    info: await infoOf(db, files[0]!.content_id, yanks.get(releaseKey(shown!))),
    releases: Object.fromEntries([...releases].map(([release, list]) => [release, list.map(describe)])),
    urls: files.map(describe),
  };
}

const INFO_TEXTS = [
  'name',
  'version',
  'summary',
  'keywords',
  'description',
  'description_content_type',
  'download_url',
  'home_page',
  'author',
  'author_email',
  'maintainer',
  'maintainer_email',
  'license',
  'platform',
  'license_expression',
] as const;
const INFO_LISTS = [
  'project_urls',
  'requires_dist',
  'classifiers',
  'provides_extras',
  'dynamic',
  'license_file',
] as const;

async function infoOf(db: Queryable, contentId: number, yanked: string | undefined): Promise<object> {
  const row = await db.row<Row>(sql`select * from python_package where content_id = ${contentId}`);
  const texts = Object.fromEntries(INFO_TEXTS.map((name) => [name, row?.[name] ?? '']));
  const lists = Object.fromEntries(INFO_LISTS.map((name) => [name, parsed(row?.[name])]));
  const { project_url: url, name, version } = (row ?? {}) as Record<string, string>;
  return {
    ...texts,
    bugtrack_url: null,
    docs_url: null,
    downloads: { last_day: -1, last_month: -1, last_week: -1 },
    package_url: url ?? '',
    project_url: url ?? '',
    release_url: url ? `${url.replace(/\/+$/, '')}/${version}/` : '',
    ...lists,
    requires_python: row?.requires_python || null,
    name,
    yanked: yanked !== undefined,
    yanked_reason: yanked ?? null,
  };
}

/** Nothing where there is nothing. Lists are kept as JSON text; links of packages that were read from their files come as `label, url`. */
function parsed(text: unknown): unknown {
  try {
    const value: unknown = JSON.parse(String(text));
    return value && Object.keys(value).length > 0 ? value : null;
  } catch {
    return null;
  }
}

function fileObject(url: string, row: PackageOfVersion, yanked: string | undefined): object {
  const added = row.added instanceof Date ? row.added.toISOString() : row.added;
  const time = added.replace(/Z$/, '+00:00');
  return {
    comment_text: '',
    digests: { md5: '', sha256: row.sha256 },
    downloads: -1,
    filename: row.filename,
    has_sig: false,
    md5_digest: '',
    packagetype: row.packagetype,
    python_version: row.python_version,
    requires_python: row.requires_python || null,
    size: row.size ?? 0,
    upload_time: time.replace('T', ' '),
    upload_time_iso_8601: time,
    url,
    yanked: yanked !== undefined,
    yanked_reason: yanked ?? null,
  };
}
