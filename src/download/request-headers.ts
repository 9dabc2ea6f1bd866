/** Headers of requests to a remote's servers: who we are, the remote's own headers, and credentials only for whom they are meant. */
import { basicToken } from './connection/proxy.ts';
import { isSameServer } from './connection/same-server.ts';
import type { RemoteSettings } from './remote-settings.ts';

export const USER_AGENT = 'pulpcore/3.123.1-compatible (Deckle)';

/** Names of headers that are not for other servers than the one they were given for: `Authorization`, `X-Api-Key`, `PRIVATE-TOKEN`. */
const SECRET = /auth|cookie|token|secret|password|credential|(?:^|-)key(?:-|$)|apikey/;

type Headers = Record<string, string>;

/** Builds the headers for each URL a request leads to. */
export class RequestHeaders {
  readonly #home: URL | null;
  readonly #own: Headers;
  /** What other servers get of them. */
  readonly #public: Headers;

  constructor(remote: RemoteSettings) {
    this.#home = URL.parse(remote.url);
    const own = lowerCased(remote.headers ?? []);
    this.#own = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': USER_AGENT, ...own };
    if (remote.username) this.#own.authorization ??= basicToken(remote.username, remote.password);
    this.#public = withoutSecrets(this.#own);
  }

  /**
   * For a request that goes to `url` now, another place than it was sent to at first after a redirect. `extra` are its own headers, those
   * that are secret left out unless `isAsked`: it is still the server it was sent to. Files are asked for as they are: a body compressed
   * on the way would not have the expected digest.
   */
  for(url: URL, isAsked: boolean, extra: Readonly<Headers> = {}): Headers {
    const own = isSameServer(this.#home, url) ? this.#own : this.#public;
    const more = lowerCased([extra]);
    return { ...own, ...(isAsked ? more : withoutSecrets(more)) };
  }
}

/** Repeated headers are joined to one line, as they may be (RFC 9110 §5.3). */
function lowerCased(list: readonly Readonly<Headers>[]): Headers {
  const headers: Headers = {};
  for (const entry of list) {
    for (const [name, value] of Object.entries(entry)) {
      const key = name.toLowerCase();
      headers[key] = headers[key] === undefined ? value : `${headers[key]}${key === 'cookie' ? '; ' : ', '}${value}`;
    }
  }
  return headers;
}

function withoutSecrets(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET.test(name)));
}
