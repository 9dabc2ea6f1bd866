/** Finds the route of a URL: strips the API root and the domain, matches the rest. */
import findMyWay from 'find-my-way';
import type { Answer, RequestContext } from '../plugin-api/contracts/context.ts';
import type { Body } from './engine/read-body.ts';
import type { Route } from './engine/routes.ts';

/** A hand-written endpoint: status, login, documents. */
export type Handler = (
  request: RequestContext,
  params: Readonly<Record<string, string>>,
  body: Body,
) => Promise<Answer>;

/** An action of a view that is no resource, by its names in policies. */
export interface ViewQuestion {
  readonly view: string;
  readonly action: string;
}

export interface RouteTarget {
  readonly route?: Route;
  readonly handler?: Handler;
  /** The policy that decides who may use the handler. */
  readonly asks?: ViewQuestion | undefined;
  /** false: needs no login. */
  readonly login?: boolean;
  /** Has nothing to do with any domain: answers while the database is away. */
  readonly withoutDomain?: boolean;
}

interface FoundRoute {
  readonly domainName: string;
  readonly params: Readonly<Record<string, string>>;
  /** The path below the API prefix with names instead of values. */
  readonly pattern: string;
  readonly query: URLSearchParams;
  /** Methods of the path, for the Allow header. */
  readonly allow: string;
  /** GET without the slash at the end: where it is. */
  readonly redirect?: string;
  /** Nobody's identity is asked for. */
  readonly open: boolean;
  target(method: string): RouteTarget | undefined;
}

interface PathEntry {
  readonly path: string;
  readonly targets: Map<string, RouteTarget>;
}

interface RouteTableOptions {
  readonly apiRoot: string;
  readonly domainEnabled: boolean;
}

export class RouteTable {
  readonly #router = findMyWay({ ignoreTrailingSlash: false, maxParamLength: 500 });
  readonly #entries = new Map<string, PathEntry>();
  readonly #options: RouteTableOptions;

  constructor(options: RouteTableOptions) {
    this.#options = options;
  }

  addRoute(route: Route): void {
    this.add(route.method, route.path, { route });
  }

  /** Adds an endpoint; the path is below the API prefix. */
  add(method: string, path: string, target: RouteTarget): void {
    let entry = this.#entries.get(path);
    if (!entry) {
      entry = { path, targets: new Map() };
      this.#entries.set(path, entry);
      this.#router.on('GET', `/${path}`, () => undefined, entry);
    }
    if (entry.targets.has(method)) throw new Error(`${method} ${path} is declared twice`);
    entry.targets.set(method, target);
  }

  /** All paths, for the index at the root of the API. */
  paths(): string[] {
    return [...this.#entries.keys()];
  }

  /** `root` is the root of the API in this URL. */
  find(url: string, root = this.#options.apiRoot): FoundRoute | undefined {
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const place = path.startsWith(root) ? this.#place(path.slice(root.length)) : undefined;
    if (!place) return undefined;
    const slashed =
      place.path.endsWith('/') || place.path === '' || /\.(json|yaml)$/.test(place.path)
        ? place.path
        : `${place.path}/`;
    const found = this.#router.find('GET', `/${slashed}`);
    if (!found) return undefined;
    const entry = found.store as PathEntry;
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    return {
      domainName: place.domain,
      params: found.params as Record<string, string>,
      pattern: entry.path,
      query,
      allow: allowOf(entry),
      open: [...entry.targets.values()].every((target) => target.login === false),
      target: (method) => entry.targets.get(method),
    };
  }

  /** Domain and path below the prefix, of a path below the root; undefined when it is no API path. */
  #place(rest: string): { domain: string; path: string } | undefined {
    if (rest.startsWith('api/v3/')) return { domain: 'default', path: rest.slice('api/v3/'.length) };
    if (!this.#options.domainEnabled) return undefined;
    const slash = rest.indexOf('/');
    const inDomain = slash > 0 ? rest.slice(slash + 1) : '';
    if (!inDomain.startsWith('api/v3/')) return undefined;
    const below = inDomain.slice('api/v3/'.length);
    return { domain: rest.slice(0, slash), path: below };
  }
}

function allowOf(entry: PathEntry): string {
  const methods = [...entry.targets.keys()];
  if (methods.includes('GET')) methods.push('HEAD');
  return [...methods, 'OPTIONS'].join(', ');
}
