/** Answers requests for simple pages: from what is known of the index where that still holds, with validators. */
import { type LiveAnswer, type LiveRequest, type Services, settingsFor } from '../../../plugin-api/index.ts';
import { LAST_SERIAL } from '../formats/index/index-file.ts';
import { normalizeName } from '../formats/project-name.ts';
import { pythonSettings } from '../settings.ts';
import { type KnownIndex, KnownIndexes } from './known-index.ts';
import { SIMPLE_JSON, type SimpleType, simpleType } from './negotiate.ts';
import { PageStore } from './page-store.ts';
import { type ServedIndex, servedVersion } from './served-index.ts';
import { indexPage, projectPage } from './simple.ts';
import { cacheHeaders, isUnchanged, notModified } from './validators.ts';
import type { VersionFacts } from './version-facts.ts';

const SIMPLE_MAX_AGE = 600;
const HTML_TYPE = 'text/html; charset=utf-8';

const indexes = new WeakMap<Services, KnownIndexes>();

/** What the process of these services knows of an index in the state that the distribution was found in. */
export function knownIndex(served: ServedIndex): Promise<KnownIndex> {
  const { services } = served.request;
  let known = indexes.get(services);
  if (!known) {
    known = new KnownIndexes(new PageStore(settingsFor(services, pythonSettings).pypiPageCacheSize));
    indexes.set(services, known);
  }
  return known.of(served);
}

/** The list of projects, or the files of one. Pages with files of upstream are made for each request. */
export async function simpleAnswer(
  served: ServedIndex,
  state: Promise<KnownIndex>,
  project: string | null,
): Promise<LiveAnswer> {
  const { request, distribution } = served;
  const { headers, url } = request;
  const format = url.includes('?') ? request.query.get('format') : null;
  const type = simpleType(headers.accept as string | undefined, format);
  const known = await state;
  const name = project === null ? '' : normalizeName(project);
  if (!known.version && !(project !== null && distribution.row.remote_id)) return nothingServed(served, type);
  const view = `${type} ${headers.host}`;
  const keeps = project === null || !distribution.row.remote_id;
  const kept = keeps ? known.page(view, name) : undefined;
  if (kept) return answer(request, known.facts, type, kept, 'HIT');
  const text = project === null ? await indexPage(served, known, type) : await projectPage(served, known, name, type);
  if (text === undefined) {
    const headers = { 'Content-Type': HTML_TYPE, ...cacheHeaders(known.facts, SIMPLE_MAX_AGE) };
    return { status: 404, headers, body: `${name} does not exist.` };
  }
  const page = Buffer.from(text);
  if (!keeps) return answer(request, known.facts, type, page);
  known.keepPage(view, name, page);
  return answer(request, known.facts, type, page, 'MISS');
}

/** Pages say it in their own form. */
function nothingServed(served: ServedIndex, type: SimpleType): LiveAnswer {
  if (type === SIMPLE_JSON) servedVersion(served);
  return { status: 404, headers: { 'Content-Type': HTML_TYPE }, body: '404 Not Found' };
}

function answer(
  { headers: sent }: LiveRequest,
  facts: VersionFacts | undefined,
  type: SimpleType,
  body: Buffer,
  mark?: 'HIT' | 'MISS',
): LiveAnswer {
  const headers: Record<string, string> = {
    'Content-Type': type,
    'X-PyPI-Last-Serial': String(LAST_SERIAL),
    ...cacheHeaders(facts, SIMPLE_MAX_AGE),
  };
  if (isUnchanged(sent, facts?.etag, facts?.lastModified)) return notModified(headers);
  return { status: 200, headers: mark ? { ...headers, 'X-PULP-CACHE': mark } : headers, body };
}
