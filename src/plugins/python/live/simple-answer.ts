/** Answers requests for simple pages: those that are kept where that still holds, with validators of their own. */
import { type KeptBody, validated } from '../../../lib/http/exchange/kept-body.ts';
import type { DistributionState, LiveTextAnswer } from '../../../plugin-api/index.ts';
import { LAST_SERIAL } from '../formats/index/index-file.ts';
import { normalizeName } from '../formats/project-name.ts';
import { type KnownIndex, knownIndex } from './known-index.ts';
import { SIMPLE_JSON, type SimpleType, simpleType } from './negotiate.ts';
import { type ServedIndex, servedVersion } from './served-index.ts';
import { indexPage, projectPage } from './simple.ts';
import { cacheHeaders } from './validators.ts';

const HTML_TYPE = 'text/html; charset=utf-8';

/** The list of projects, or the files of one. Pages with files of upstream are made for each request. */
export async function simpleAnswer(
  served: ServedIndex,
  state: DistributionState,
  project: string | null,
): Promise<LiveTextAnswer> {
  const { request, distribution } = served;
  const { headers, url } = request;
  const format = url.includes('?') ? request.query.get('format') : null;
  const type = simpleType(headers.accept, format);
  const known = await knownIndex(served, state);
  const name = project === null ? '' : normalizeName(project);
  if (!known.version && !(project !== null && distribution.row.remote_id)) return nothingServed(served, type);
  const make = async () =>
    project === null ? await indexPage(served, known, type) : await projectPage(served, known, name, type);
  const keeps = project === null || !distribution.row.remote_id;
  const key = { subject: name, variant: `${type} ${request.origin} ${known.facts?.repairs ?? 0}` };
  const page = keeps ? await state.answer(key, make) : await validatedPage(make);
  if (page === undefined) {
    const headers = { 'Content-Type': HTML_TYPE, ...cacheHeaders(known.facts, served.isPrivate) };
    return { status: 404, headers, body: `${name} does not exist.` };
  }
  return { status: 200, headers: pageHeaders(type, known, served.isPrivate), body: page };
}

/** Its validator follows from what upstream has said too. */
async function validatedPage(make: () => Promise<string | undefined>): Promise<KeptBody | undefined> {
  const text = await make();
  return text === undefined ? undefined : validated(text);
}

/** Pages say it in their own form. */
function nothingServed(served: ServedIndex, type: SimpleType): LiveTextAnswer {
  if (type === SIMPLE_JSON) servedVersion(served);
  return { status: 404, headers: { 'Content-Type': HTML_TYPE }, body: '404 Not Found' };
}

/** By the index in its state and the form of its pages: most requests are for some of them. */
const headersOf = new WeakMap<KnownIndex, Map<string, Readonly<Record<string, string>>>>();

function pageHeaders(type: SimpleType, known: KnownIndex, isPrivate: boolean): Readonly<Record<string, string>> {
  const form = isPrivate ? `private ${type}` : type;
  const byForm = headersOf.get(known) ?? new Map<string, Readonly<Record<string, string>>>();
  headersOf.set(known, byForm);
  let headers = byForm.get(form);
  if (!headers) {
    const { ETag: _, ...cache } = cacheHeaders(known.facts, isPrivate);
    headers = { 'Content-Type': type, 'X-PyPI-Last-Serial': String(LAST_SERIAL), ...cache };
    byForm.set(form, headers);
  }
  return headers;
}
