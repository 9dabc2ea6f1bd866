/** Following redirects: how far, where to, and with what method. */
import { DownloadError, withoutCredentials } from './download-error.ts';
import type { Answer } from './exchange.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 20;

/** One step of a request. */
export interface Hop {
  url: URL;
  method: string;
  body: string | Uint8Array | null;
}

export function isRedirect(answer: Answer): boolean {
  return REDIRECTS.has(answer.status) && typeof answer.headers.location === 'string';
}

/** Keeps the way of one request. */
export class RedirectTrail {
  readonly #asked: URL;
  readonly #seen = new Set<string>();

  constructor(first: Hop) {
    this.#asked = first.url;
    this.#seen.add(keyOf(first));
  }

  /** The next step. Throws DownloadError (`refused`) for a loop, too long a way, or a place that is not http or https. */
  next(current: Hop, answer: Answer): Hop {
    const location = String(answer.headers.location);
    const url = URL.parse(location, current.url.href);
    if (!url) throw this.#refused(`The redirect to '${location}' is not a URL`);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw this.#refused(`The redirect to '${withoutCredentials(url.href)}' is not followed: only http and https are`);
    }
    url.username = '';
    url.password = '';
    const hop = changesToGet(answer.status, current.method) ? { url, method: 'GET', body: null } : { ...current, url };
    if (this.#seen.has(keyOf(hop))) throw this.#refused(`The redirects form a loop at '${url.href}'`);
    if (this.#seen.size > MOST_REDIRECTS) throw this.#refused(`There are more than ${MOST_REDIRECTS} redirects`);
    this.#seen.add(keyOf(hop));
    return hop;
  }

  #refused(text: string): DownloadError {
    return new DownloadError(this.#asked.href, 'refused', `${text}, url='${withoutCredentials(this.#asked.href)}'`);
  }
}

function keyOf({ url, method }: Hop): string {
  return `${method} ${url.href}`;
}

/** As browsers do: a form sent to 301, 302 or 303 is answered by a page to be fetched. */
function changesToGet(status: number, method: string): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return status === 303 || ((status === 301 || status === 302) && method === 'POST');
}
