/** The root of the API that each request is for: a proxy in front may name another one in a header (setting api_root_rewrite_header). */
import type { IncomingHttpHeaders } from 'node:http';
import type { Services } from '../plugin-api/contracts/context.ts';

/** Roots that are remembered. */
const MOST_ROOTS = 100;
const BELOW_ANY_ROOT = /\/api\/v3\//;

export class ApiRoots {
  readonly #services: Services;
  /** In lower case, as Node gives the names of headers. */
  readonly #header: string | undefined;
  readonly #known = new Map<string, Services>();

  constructor(services: Services) {
    this.#services = services;
    this.#header = services.settings.apiRootRewriteHeader?.toLowerCase();
  }

  /** Whether a URL may belong to the API. */
  mayHold(url: string): boolean {
    if (url.startsWith(this.#services.settings.apiRoot)) return true;
    return this.#header !== undefined && BELOW_ANY_ROOT.test(url.split('?', 1)[0]!);
  }

  /** What the request is answered with: the services, whose settings name its root. */
  servicesFor(headers: IncomingHttpHeaders): Services {
    const named = this.#header === undefined ? undefined : headers[this.#header];
    if (typeof named !== 'string') return this.#services;
    const root = `/${named.replace(/^\/+|\/+$/g, '')}/`.replace('//', '/');
    let services = this.#known.get(root);
    if (!services) {
      if (this.#known.size >= MOST_ROOTS) this.#known.clear();
      services = { ...this.#services, settings: { ...this.#services.settings, apiRoot: root } };
      this.#known.set(root, services);
    }
    return services;
  }
}
