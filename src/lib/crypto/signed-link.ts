/** Links that are good for a while: a digest over path, query and a key that only the server knows (core.md §6). */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Seconds for which a link is good. */
export const LINK_LIFE = 3600;

const TOKEN = /^([0-9a-f]+):([0-9a-f]{64})$/i;

function digestOf(salt: Buffer, path: string, query: string, key: Buffer): Buffer {
  return createHash('sha256').update(salt).update(path).update('?').update(query).update(key).digest();
}

function splitUrl(url: string): [path: string, query: string] {
  const { pathname, search } = new URL(url, 'http://any');
  return [pathname, search.slice(1)];
}

/** The URL with the time of its end and the token appended; `now` in seconds since 1970. */
export function signLink(url: string, key: Buffer, now = Math.floor(Date.now() / 1000)): string {
  const dated = `${url}${url.includes('?') ? '&' : '?'}expires=${now + LINK_LIFE}`;
  const salt = randomBytes(32);
  const token = digestOf(salt, ...splitUrl(dated), key);
  return `${dated}&validate_token=${salt.toString('hex')}:${token.toString('hex')}`;
}

/** Undefined for a link that is good; otherwise why not. */
export function refusalOfLink(url: string, key: Buffer, now = Math.floor(Date.now() / 1000)): string | undefined {
  const [path, query] = splitUrl(url);
  const sent = new URLSearchParams(query);
  const expires = sent.get('expires') ?? '';
  if (!/^\d{1,15}$/.test(expires)) return 'Access not authenticated';
  if (now > Number(expires)) return 'Authentication expired';
  const token = TOKEN.exec(sent.get('validate_token') ?? '');
  if (!token) return 'Access not authenticated';
  const signed = query.replace(/&validate_token=.*$/, '');
  const digest = digestOf(Buffer.from(token[1]!, 'hex'), path, signed, key);
  return timingSafeEqual(digest, Buffer.from(token[2]!, 'hex')) ? undefined : 'Access not authenticated';
}
