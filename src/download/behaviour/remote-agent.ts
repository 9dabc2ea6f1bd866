/** Stands between a downloader and the behaviour of its remote: asks it where that is safe, and shows nothing of what it adds. */
import { isSameServer } from '../connection/same-server.ts';
import { DownloadError } from '../download-error.ts';
import type { Answer } from '../exchange.ts';
import type { Hop } from '../redirects.ts';
import type { RemoteAccess, RemoteBehaviour } from './remote-behaviour.ts';

/** A request as it is sent. */
export interface SentRequest {
  readonly url: URL;
  /** What errors may tell of the URL. */
  readonly shown: string;
  /** Added to those of the remote and of the request; null takes one away. */
  readonly headers: Readonly<Record<string, string | null>> | undefined;
}

export class RemoteAgent {
  readonly #behaviour: RemoteBehaviour;
  readonly #access: RemoteAccess;
  readonly #home: URL | null;

  constructor(behaviour: RemoteBehaviour, access: RemoteAccess) {
    this.#behaviour = behaviour;
    this.#access = access;
    this.#home = URL.parse(behaviour.home?.(access) ?? access.remote.url);
  }

  /** Throws DownloadError (`refused`) for a URL that is neither http nor https in the end. */
  async prepare({ url, method }: Hop): Promise<SentRequest> {
    const isHome = isSameServer(this.#home, url);
    const prepared = isHome ? await this.#behaviour.prepare?.({ url: new URL(url), method }, this.#access) : undefined;
    const target = prepared?.url ?? url;
    if (target.protocol !== 'http:' && target.protocol !== 'https:') {
      throw new DownloadError(url.href, 'refused', `Only http and https URLs can be downloaded, url='${url.href}'`);
    }
    return { url: target, shown: shownUrl(url, target), headers: prepared?.headers };
  }

  /** Where a redirect leads, without a query that was added here and that the server repeats: what follows is told and kept. */
  concealed(next: Hop, asked: URL, sent: URL): Hop {
    if (sent.search === asked.search || next.url.search !== sent.search) return next;
    const url = new URL(next.url);
    url.search = asked.search;
    return { ...next, url };
  }

  /** Whether a refused request is worth being sent again. */
  async challenge({ url, method }: Hop, answer: Answer, authorization: string | undefined): Promise<boolean> {
    if (!this.#behaviour.challenge || (answer.status !== 401 && answer.status !== 403)) return false;
    if (!isSameServer(this.#home, url)) return false;
    const header = (name: string) => {
      const value = answer.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const refusal = { url: new URL(url), method, status: answer.status, header, authorization };
    try {
      return await this.#behaviour.challenge(refusal, this.#access);
    } catch (error) {
      answer.body.cancel();
      throw error;
    }
  }
}

/** A query that was added may be a secret. */
function shownUrl(asked: URL, sent: URL): string {
  if (sent.origin === asked.origin && sent.pathname === asked.pathname) return asked.href;
  return `${sent.origin}${sent.pathname}`;
}
