/** The live index of a distribution: simple pages, uploads, metadata, feeds, below `/pypi/[domain/]<base path>/`. */
import { HttpError, ValidationError } from '../../../lib/errors.ts';
import {
  type LiveAnswer,
  type LiveApi,
  type LiveDistribution,
  type LiveRequest,
  settingsFor,
} from '../../../plugin-api/index.ts';
import { normalizeName } from '../formats/project-name.ts';
import { livePolicies } from '../rest/access.ts';
import { pythonDistribution } from '../rest/distribution.ts';
import { pythonSettings } from '../settings.ts';
import { feedAnswer } from './feeds.ts';
import { provenanceAnswer, summaryAnswer } from './integrity.ts';
import { metadataAnswer } from './metadata.ts';
import { liveOperations } from './operations.ts';
import { allowedAt, type LiveRoute, routeOf } from './routes.ts';
import { openIndex, type ServedIndex } from './served-index.ts';
import { simpleAnswer } from './simple-answer.ts';
import { uploadAnswer } from './upload.ts';
import { yankAnswer } from './yank.ts';

export const pythonLive: LiveApi = {
  prefixes: (settings) => [settingsFor({ settings }, pythonSettings).pypiPathPrefix],
  policies: livePolicies,
  operations: liveOperations,
  handle: answerLive,
};

interface Place {
  readonly domain: string;
  /** Decoded, with what comes after the base path. */
  readonly path: string;
}

async function answerLive(request: LiveRequest): Promise<LiveAnswer> {
  const place = placeOf(request);
  const distribution = place && (await request.find(place.domain, place.path));
  if (!place || !distribution || distribution.pulpType !== pythonDistribution.pulpType) return unknownIndex(place);
  const below = place.path.slice(distribution.basePath.length + 1);
  const route = routeOf(below.endsWith('/') ? below.slice(0, -1) : below);
  if (!route) throw unknownPath(place);
  const needsSlash = !place.path.endsWith('/') && !isFeed(route);
  if (request.method === 'GET' && needsSlash) return slashRedirect(request);
  return withAllowed(route, await answerAt(request, distribution, route, below).catch(asAnswer));
}

/** Refusals tell as well what may be done. */
function asAnswer(error: unknown): LiveAnswer {
  if (error instanceof ValidationError) return { status: 400, body: error.body };
  if (!(error instanceof HttpError) || error.status >= 500) throw error;
  return { status: error.status, headers: error.headers, body: { detail: error.detail } };
}

const withAllowed = (route: LiveRoute, answer: LiveAnswer): LiveAnswer => ({
  ...answer,
  headers: { ...answer.headers, Allow: allowedAt(route) },
});

async function answerAt(
  request: LiveRequest,
  distribution: LiveDistribution,
  route: LiveRoute,
  below: string,
): Promise<LiveAnswer> {
  if (request.method === 'GET') return await read(request, distribution, route, below);
  if (request.method === 'POST') return await write(openIndex(request, distribution), route);
  throw new HttpError(405, `Method "${request.method}" not allowed.`);
}

const isFeed = ({ kind }: LiveRoute) => kind === 'updates' || kind === 'newProjects' || kind === 'releases';

function placeOf({ path, services }: LiveRequest): Place | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (!services.settings.domainEnabled) return { domain: 'default', path: decoded };
  const slash = decoded.indexOf('/');
  return slash < 0 ? undefined : { domain: decoded.slice(0, slash), path: decoded.slice(slash + 1) };
}

function unknownIndex(place: Place | undefined): LiveAnswer {
  if (place && /\/(?:simple|rss|integrity)\//.test(place.path)) {
    return { status: 404, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: '404 Not Found' };
  }
  throw unknownPath(place);
}

/** What comes behind the base path is no part of it where an index has such a part. */
function unknownPath(place: Place | undefined): HttpError {
  const path = (place?.path ?? '').replace(/\/(?:pypi\/.*\/json|legacy|yank|unyank)?\/?$/, '');
  return new HttpError(404, `No PythonDistribution found for base_path ${path}`);
}

function slashRedirect({ url }: LiveRequest): LiveAnswer {
  const mark = url.indexOf('?');
  const location = mark < 0 ? `${url}/` : `${url.slice(0, mark)}/${url.slice(mark)}`;
  return { status: 301, headers: { Location: location } };
}

const FEED_ACTIONS = { updates: 'updates', newProjects: 'packages', releases: 'project_releases' } as const;

async function read(
  request: LiveRequest,
  distribution: LiveDistribution,
  route: LiveRoute,
  below: string,
): Promise<LiveAnswer> {
  if (route.kind === 'index' || route.kind === 'project') return await readSimple(request, distribution, route, below);
  const open = async (policy: string, action: string) =>
    openIndex(request, distribution, await admitted(request, distribution, below, policy, action));
  switch (route.kind) {
    case 'root':
      return await summaryAnswer(await open('pypi/root', 'list'));
    case 'metadata':
      return await metadataAnswer(await open('pypi/pypi', 'retrieve'), route.name, route.version);
    case 'provenance':
      return await provenanceAnswer(await open('pypi/integrity', 'retrieve'), route);
    case 'updates':
    case 'newProjects':
    case 'releases':
      return await feedAnswer(await open('pypi/rss', FEED_ACTIONS[route.kind]), route);
    default:
      if (!(await request.user())) await request.authorize('pypi/legacy', 'create', distribution);
      throw new HttpError(405, 'Method "GET" not allowed.');
  }
}

/**
 * Lets those read that policy and guard let pass: what a guard protects are not only the files, but their names, digests and metadata.
 * Whether the answer is for who asks alone. Throws HttpError 401 or 403.
 */
async function admitted(
  request: LiveRequest,
  distribution: LiveDistribution,
  below: string,
  policy: string,
  action: string,
): Promise<boolean> {
  const user = await request.authorize(policy, action, distribution);
  await request.checkGuard(distribution, `${distribution.basePath}/${below}`);
  return user !== null || distribution.row.content_guard_id !== null;
}

/** Pages follow from the state of the distribution, which is looked at before anything is waited for. */
async function readSimple(
  request: LiveRequest,
  distribution: LiveDistribution,
  route: LiveRoute & { kind: 'index' | 'project' },
  below: string,
): Promise<LiveAnswer> {
  const state = distribution.publicationId ? undefined : request.kept(distribution);
  state?.catch(() => undefined); // whoever may see the index sees the error
  const action = route.kind === 'index' ? 'list' : 'retrieve';
  const isPrivate = await admitted(request, distribution, below, 'pypi/simple', action);
  if (!state)
    return publishedPage(
      request,
      distribution,
      route.kind === 'project' ? `simple/${normalizeName(route.name)}/` : below,
    );
  const index = openIndex(request, distribution, isPrivate);
  return await simpleAnswer(index, await state, route.kind === 'project' ? route.name : null);
}

/** The pages of a publication are files. */
function publishedPage(request: LiveRequest, { domain, basePath }: LiveDistribution, below: string): LiveAnswer {
  const base = request.presenter(domain).contentUrl(basePath).replace(/\/$/, '');
  return { status: 302, headers: { Location: `${base}/${below}` } };
}

async function write(index: ServedIndex, route: LiveRoute): Promise<LiveAnswer> {
  switch (route.kind) {
    case 'index':
      return await uploadAnswer(index, 'pypi/simple');
    case 'legacy':
      return await uploadAnswer(index, 'pypi/legacy');
    case 'yank':
    case 'unyank':
      return await yankAnswer(index, route.kind);
    default:
      throw new HttpError(405, 'Method "POST" not allowed.');
  }
}
