/** Headers of requests to a remote's servers: who we are, the remote's own headers, and credentials only for whom they are meant. */
import { basicToken } from './connection/proxy.ts';
import type { RemoteSettings } from './remote-settings.ts';

export const USER_AGENT = 'pulpcore/3.123.1-compatible (Deckle)';

/** Not for other servers than the one they were given for. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

type Headers = Record<string, string>;

/** Builds the headers for each URL a request leads to. */
export class RequestHeaders {
  readonly #home: URL | null;
  readonly #own: Headers;

  constructor(remote: RemoteSettings) {
    this.#home = URL.parse(remote.url);
    const own = lowerCased(remote.headers ?? []);
    const agent = own['user-agent'] === undefined ? USER_AGENT : `${USER_AGENT}, ${own['user-agent']}`;
    this.#own = { accept: '*/*', 'accept-encoding': 'identity', ...own, 'user-agent': agent };
    if (remote.username) this.#own.authorization ??= basicToken(remote.username, remote.password);
  }

  /**
   * `extra` are those of this request, meant for the server of `asked`; `url` is where it goes now, another one after a redirect.
   * Files are asked for as they are: a body compressed on the way would not have the expected digest.
   */
  for(url: URL, asked: URL, extra: Readonly<Headers> = {}): Headers {
    const own = isSameServer(this.#home, url) ? this.#own : withoutSecrets(this.#own);
    const more = lowerCased([extra]);
    return { ...own, ...(isSameServer(asked, url) ? more : withoutSecrets(more)) };
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
  const rest = { ...headers };
  for (const name of SECRET_HEADERS) delete rest[name];
  return rest;
}

/** Equal origins, or the step from http to https on the usual ports of one host. */
function isSameServer(home: URL | null, url: URL): boolean {
  if (!home) return false;
  if (home.origin === url.origin) return true;
  const upgraded = home.protocol === 'http:' && url.protocol === 'https:';
  return upgraded && home.hostname === url.hostname && home.port === '' && url.port === '';
}
