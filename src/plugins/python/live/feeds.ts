/** RSS feeds of a live index: newest releases, newest projects, releases of one project. */
import { inVersion, type LiveAnswer, type Row, type Sql, sql } from '../../../plugin-api/index.ts';
import { parseWheelName } from '../formats/filename.ts';
import { type FeedItem, writeRss } from '../formats/index/rss.ts';
import { normalizeName } from '../formats/project-name.ts';
import { knownIndex } from './known-index.ts';
import { ownUrl, type ServedIndex, servedVersion } from './served-index.ts';
import { cacheHeaders, isUnchanged, notModified } from './validators.ts';

const MOST_RELEASES = 500;
const MOST_PROJECTS = 40;

interface ReleaseRow extends Row {
  readonly name: string;
  readonly name_normalized: string;
  readonly version: string;
  readonly summary: string;
  readonly author_email: string;
  readonly maintainer_email: string;
  readonly added: Date | string;
  readonly filenames: readonly string[];
}

type FeedKind = { readonly kind: 'updates' | 'newProjects' } | { readonly kind: 'releases'; readonly name: string };

export async function feedAnswer(index: ServedIndex, feed: FeedKind): Promise<LiveAnswer> {
  const { request } = index;
  servedVersion(index);
  const { facts: validators } = await knownIndex(index, await request.kept(index.distribution));
  const { 'Last-Modified': _, ...cache } = cacheHeaders(validators, index.isPrivate);
  const headers = { 'Content-Type': 'application/rss+xml; charset=utf-8', ...cache };
  if (isUnchanged(request.headers, validators?.etag, undefined)) return notModified(headers);
  const body = await feedText(index, feed);
  if (body !== undefined) return { status: 200, headers, body };
  const name = feed.kind === 'releases' ? normalizeName(feed.name) : '';
  return {
    status: 404,
    headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' },
    body: `${name} does not exist.`,
  };
}

async function feedText(index: ServedIndex, feed: FeedKind): Promise<string | undefined> {
  const root = ownUrl(index);
  if (feed.kind === 'releases') return await projectFeed(index, root, normalizeName(feed.name));
  const isUpdates = feed.kind === 'updates';
  const rows = isUpdates
    ? await newest(index, sql.raw('true'), sql.raw('p.name_normalized, p.version'), MOST_RELEASES)
    : await newest(index, sql.raw('true'), sql.raw('p.name_normalized'), MOST_PROJECTS);
  const items = rows.map((row) =>
    isUpdates
      ? itemOf(row, `${row.name} ${row.version}`, `${root}pypi/${row.name_normalized}/${row.version}/json`)
      : { ...itemOf(row, `${row.name} added to index`, `${root}pypi/${row.name_normalized}/json`), fragment: '' },
  );
  const what = isUpdates
    ? { title: 'Recent updates', description: 'Recent updates to this Python package index' }
    : { title: 'Newest packages', description: 'Newest packages registered on this Python package index' };
  return writeRss({ ...what, link: root, date: items[0]?.date ?? new Date(0), items });
}

async function projectFeed(index: ServedIndex, root: string, normalized: string): Promise<string | undefined> {
  const rows = await newest(
    index,
    sql`p.name_normalized = ${normalized}`,
    sql.raw('p.name_normalized, p.version'),
    MOST_PROJECTS,
  );
  const [first] = rows;
  if (!first) return undefined;
  const items = rows.map((row) => itemOf(row, row.version, `${root}pypi/${normalized}/${row.version}/json`));
  return writeRss({
    title: `Recent updates for ${first.name}`,
    description: `Recent updates to ${first.name} on this Python package index`,
    link: `${root}pypi/${normalized}/json`,
    date: items[0]!.date,
    items,
  });
}

/** Groups of packages by when the newest of them came in (projects: the first of them). */
async function newest({ version, request }: ServedIndex, which: Sql, group: Sql, limit: number): Promise<ReleaseRow[]> {
  return await request.services.db.rows<ReleaseRow>(sql`select min(p.name) as name, p.name_normalized,
      min(p.version) as version, min(p.summary) as summary, min(p.author_email) as author_email,
      min(p.maintainer_email) as maintainer_email, max(v.pulp_created) as added, array_agg(p.filename order by p.filename) as filenames
    from python_package p join repository_content rc on rc.content_id = p.content_id
    join repository_version v on v.repository_id = rc.repository_id and v.number = rc.version_added
    where ${inVersion(version!)} and ${which} group by ${group}
    order by max(v.pulp_created) desc, p.name_normalized, min(p.version) limit ${limit}`);
}

const ADDRESS = /^(?:[^<>]*<)?\s*([^\s<>@,]+@[^\s<>@,]+\.[^\s<>@,]+)\s*>?$/;

function itemOf(row: ReleaseRow, title: string, link: string): FeedItem {
  const builds = [
    ...new Set(row.filenames.map((name) => parseWheelName(name)?.build).filter((build) => build != null)),
  ].sort();
  return {
    title,
    link,
    description: row.summary,
    author: ADDRESS.exec(row.author_email || row.maintainer_email)?.[1] ?? null,
    date: new Date(row.added),
    ...(builds.length > 0 && { fragment: `builds=${builds.join(',')}` }),
  };
}
