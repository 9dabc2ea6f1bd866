/** Challenges of WWW-Authenticate (RFC 9110 §11.6.1) and the token service they name (distribution: spec/auth/token.md). */
import { basicToken } from '../connection/proxy.ts';
import { DownloadError, statusError } from '../download-error.ts';
import type { PreparedRequest, Refusal, RemoteAccess, RemoteBehaviour } from './remote-behaviour.ts';
import type { Token } from './tokens.ts';

interface Challenge {
  /** Lower case: `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Of a service that does not tell, in seconds. */
const DEFAULT_LIFE = 60;

/** A name, an equals sign and a token or a quoted text; or the name of a scheme, which stands before a space or alone. */
const PART = /([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|(?=\s|,|$))/g;

/** All challenges of a header, in its order. */
export function parseChallenges(header: string): Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (const [, name = '', quoted, plain] of header.matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) found.push({ scheme: name.toLowerCase(), parameters: {} });
    else if (found.length > 0) found.at(-1)!.parameters[name.toLowerCase()] = value;
  }
  return found;
}

interface BearerOptions {
  /** The scope that a URL needs, under which its token is kept; it is asked for where the challenge names none. */
  scopeOf(url: URL): string;
}

/**
 * Asks without credentials first, and does as the server then says: a token of the service it names, fetched with the remote's user name
 * and password where it has some, or these themselves (`Basic`).
 */
export function bearerChallenge({ scopeOf }: BearerOptions): Required<Pick<RemoteBehaviour, 'prepare' | 'challenge'>> {
  return {
    prepare({ url }, { tokens }): PreparedRequest {
      return { headers: { authorization: tokens.get(scopeOf(url)) ?? null } };
    },
    async challenge(refusal, access): Promise<boolean> {
      if (refusal.status !== 401) return false;
      const challenges = parseChallenges(refusal.header('www-authenticate') ?? '');
      const scope = scopeOf(refusal.url);
      const bearer = challenges.find((one) => one.scheme === 'bearer' && one.parameters.realm !== undefined);
      const { username, password } = access.remote;
      const basic = username ? basicToken(username, password) : undefined;
      if (bearer) {
        const fetch = () =>
          fetchToken(access, refusal, { ...bearer.parameters, scope: bearer.parameters.scope ?? scope }, basic);
        await access.tokens.renew(scope, refusal.authorization, fetch);
        return true;
      }
      if (!basic || refusal.authorization === basic || !challenges.some((one) => one.scheme === 'basic')) return false;
      await access.tokens.renew(scope, refusal.authorization, async () => ({ value: basic }));
      return true;
    },
  };
}

async function fetchToken(
  access: RemoteAccess,
  { url }: Refusal,
  parameters: Readonly<Record<string, string>>,
  basic: string | undefined,
): Promise<Token> {
  const realm = realmOf(url, parameters.realm!);
  for (const name of ['service', 'scope']) {
    for (const value of (parameters[name] ?? '').split(name === 'scope' ? ' ' : '\n')) {
      if (value !== '') realm.searchParams.append(name, value);
    }
  }
  const answer = await access.ask(realm.href, {
    headers: { accept: 'application/json', ...(basic && { authorization: basic }) },
  });
  if (answer.status !== 200) throw statusError(`${realm.origin}${realm.pathname}`, answer.status, '');
  return readToken(realm, answer.text);
}

/** Credentials that were meant for TLS do not go in the clear. */
function realmOf(registry: URL, text: string): URL {
  const realm = URL.parse(text, registry.href);
  const allowed = registry.protocol === 'https:' ? ['https:'] : ['https:', 'http:'];
  if (realm && allowed.includes(realm.protocol)) return realm;
  throw new DownloadError(
    registry.href,
    'refused',
    `The token service of ${registry.host} is not at a URL of ${allowed.join(' or ')}//`,
  );
}

function readToken(realm: URL, text: string): Token {
  const answer = parsed(text);
  const value = answer.token ?? answer.access_token;
  if (typeof value !== 'string' || value === '' || /[^\x21-\x7e]/.test(value)) {
    throw new DownloadError(realm.origin, 'refused', `The answer of the token service ${realm.host} has no token`);
  }
  const { expires_in: life } = answer;
  return { value: `Bearer ${value}`, seconds: typeof life === 'number' && life > 0 ? life : DEFAULT_LIFE };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? { ...answer } : {};
  } catch {
    return {};
  }
}
