/** Answers requests for simple pages: from what is known of the index where that still holds, with validators, packed for who takes it. */
import type { LiveAnswer, LiveRequest, Services } from '../../../plugin-api/index.ts';
import { LAST_SERIAL } from '../formats/index-file.ts';
import { normalizeName } from '../formats/project-name.ts';
import { type KnownIndex, KnownIndexes, type VersionFacts } from './known-index.ts';
import { type SimpleType, simpleType } from './negotiate.ts';
import { PageStore, unpackPage } from './page-store.ts';
import type { ServedIndex } from './served-index.ts';
import { indexPage, projectPage } from './simple.ts';
import { cacheHeaders, isUnchanged, notModified } from './validators.ts';

const SIMPLE_MAX_AGE = 600;
const HTML_TYPE = 'text/html; charset=utf-8';

const indexes = new WeakMap<Services, KnownIndexes>();

/** What the process of these services knows of an index in the state that the distribution was found in. */
export function knownIndex(served: ServedIndex): Promise<KnownIndex> {
  const { services } = served.request;
  let known = indexes.get(services);
  if (!known) {
    known = new KnownIndexes(new PageStore(services.settings.pypiPageCacheSize));
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
  const view = `${type} ${headers.host}`;
  const keeps = project === null || !distribution.row.remote_id;
  const kept = keeps ? known.page(view, name) : undefined;
  if (kept) return answer(request, known.facts, type, { packed: kept, mark: 'HIT' });
  const text = project === null ? await indexPage(served, known, type) : await projectPage(served, known, name, type);
  if (text === undefined)
    return { status: 404, headers: { 'Content-Type': HTML_TYPE }, body: `${name} does not exist.` };
  if (!keeps) return answer(request, known.facts, type, { text });
  return answer(request, known.facts, type, { text, packed: known.keepPage(view, name, text), mark: 'MISS' });
}

interface Body {
  readonly text?: string;
  readonly packed?: Buffer | undefined;
  /** Whether the page was kept, for those who want to know. */
  readonly mark?: 'HIT' | 'MISS';
}

function answer(
  { headers: sent }: LiveRequest,
  facts: VersionFacts | undefined,
  type: SimpleType,
  { text, packed, mark }: Body,
): LiveAnswer {
  const headers: Record<string, string> = {
    'Content-Type': type,
    'X-PyPI-Last-Serial': String(LAST_SERIAL),
    Vary: 'Accept, Accept-Encoding',
    ...cacheHeaders(facts, SIMPLE_MAX_AGE),
    ...(mark && { 'X-PULP-CACHE': mark }),
  };
  if (isUnchanged(sent, facts?.etag, facts?.lastModified)) return notModified(headers);
  if (packed && takesGzip(sent['accept-encoding'])) {
    return { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: packed };
  }
  return { status: 200, headers, body: text === undefined ? unpackPage(packed!) : Buffer.from(text) };
}

/** Without a word on gzip, or with `gzip;q=0`, pages are sent as they are. */
function takesGzip(accepted: string | string[] | undefined): boolean {
  return typeof accepted === 'string' && /(?:^|[\s,])(?:x-)?gzip(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))/i.test(accepted);
}
