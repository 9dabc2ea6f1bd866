/** Finds the route of a live protocol for a path: patterns with parts in braces, see LiveRoute. */
import { decodePath } from '../../lib/http/relative-path.ts';
import type { LiveParams, LiveRoute } from '../../plugin-api/contracts/live.ts';

interface FoundLiveRoute {
  /** Undefined where the path has routes, but none for the method. */
  readonly route: LiveRoute | undefined;
  readonly params: LiveParams;
  /** Methods of the path, for the Allow header. */
  readonly allow: string;
}

interface CompiledRoute {
  readonly route: LiveRoute;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

const DOMAIN_PART = '{pulp_domain}/';
const PLACEHOLDER = /\{(\w+)(\+?)\}/g;

export class LiveRoutes {
  readonly #routes: readonly CompiledRoute[];
  readonly #fixed: LiveParams;

  /** Throws for a pattern that no path can be matched with in one pass. */
  constructor(routes: readonly LiveRoute[], { domainEnabled }: { readonly domainEnabled: boolean }) {
    this.#routes = routes.map((route) => compile(route, domainEnabled));
    this.#fixed = domainEnabled ? {} : { pulp_domain: 'default' };
  }

  /** `path` is below the prefix, as sent. Undefined where no route has such a path. */
  find(method: string, path: string): FoundLiveRoute | undefined {
    const fitting: { route: LiveRoute; params: LiveParams }[] = [];
    for (const { route, pattern, names } of this.#routes) {
      const match = pattern.exec(path);
      const params = match && paramsOf(names, match);
      if (!params) continue;
      if (route.method === method) return { route, params: { ...this.#fixed, ...params }, allow: route.method };
      fitting.push({ route, params });
    }
    if (fitting.length === 0) return undefined;
    const asGet = method === 'HEAD' ? fitting.find(({ route }) => route.method === 'GET') : undefined;
    const params = { ...this.#fixed, ...(asGet ?? fitting[0]!).params };
    return { route: asGet?.route, params, allow: allowed(fitting.map(({ route }) => route.method)) };
  }
}

function allowed(methods: readonly string[]): string {
  const all = new Set(methods);
  if (all.has('GET')) all.add('HEAD');
  return [...all].join(', ');
}

function compile(route: LiveRoute, domainEnabled: boolean): CompiledRoute {
  const path = domainEnabled ? route.path : route.path.replace(DOMAIN_PART, '');
  const optional = path.endsWith('[/]');
  const names: string[] = [];
  let several = 0;
  let pattern = '';
  let end = 0;
  const body = optional ? path.slice(0, -'[/]'.length) : path;
  for (const { 0: text, 1: name = '', 2: plus, index } of body.matchAll(PLACEHOLDER)) {
    pattern += RegExp.escape(body.slice(end, index)) + (plus ? '(.+)' : '([^/]+)');
    if (plus) several++;
    names.push(name);
    end = index + text.length;
  }
  // Two of them would let a long path be tried in as many ways as it has slashes.
  if (several > 1) throw new Error(`Only one part of the path ${route.path} may stand for several`);
  pattern += RegExp.escape(body.slice(end)) + (optional ? '/?' : '');
  return { route, names, pattern: new RegExp(`^${pattern}$`) };
}

/** Undefined for values that cannot be decoded or that would climb. */
function paramsOf(names: readonly string[], match: RegExpExecArray): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = decodePath(match[index + 1]!);
    if (value === undefined || value.split('/').some((part) => part === '.' || part === '..')) return undefined;
    params[name] = value;
  }
  return params;
}
