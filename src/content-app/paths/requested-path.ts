/** What a URL asks of the content app: the domain and the path in it. */
import { decodePath } from '../../lib/http/relative-path.ts';

export interface RequestedPath {
  /** Name of the domain. */
  readonly domain: string;
  /** Decoded path behind the content prefix and the domain, without a slash at its start. */
  readonly path: string;
  /** Path of the URL as it was sent, without the query: where redirects start from. */
  readonly raw: string;
  /** Decoded prefix with domain: title of listings. */
  readonly root: string;
}

interface PathSettings {
  readonly contentPathPrefix: string;
  readonly domainEnabled: boolean;
}

const DEFAULT_DOMAIN = 'default';

/** The path of a URL without its query. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

/** The content prefix, when a URL lacks nothing but the slash at its end. */
export function rootWithoutSlash(url: string, { contentPathPrefix }: PathSettings): string | undefined {
  if (contentPathPrefix === '/' || !url.startsWith(contentPathPrefix.slice(0, -1))) return undefined;
  return `${pathOf(url)}/` === contentPathPrefix ? contentPathPrefix : undefined;
}

/** Undefined when the URL is not below the prefix, names no domain where one is needed, or cannot be decoded. */
export function requestedPath(url: string, settings: PathSettings): RequestedPath | undefined {
  const raw = pathOf(url);
  const prefix = settings.contentPathPrefix;
  if (!raw.startsWith(prefix)) return undefined;
  const path = decodePath(raw.slice(prefix.length));
  if (path === undefined) return undefined;
  if (!settings.domainEnabled) return { domain: DEFAULT_DOMAIN, path, raw, root: prefix };
  return inDomain(path, raw, prefix);
}

/** The domain without a slash behind it has no path at all, which is told by a root without slash. */
function inDomain(path: string, raw: string, prefix: string): RequestedPath | undefined {
  const slash = path.indexOf('/');
  const domain = slash < 0 ? path : path.slice(0, slash);
  if (domain === '') return undefined;
  return slash < 0
    ? { domain, path: '', raw, root: prefix + domain }
    : { domain, path: path.slice(slash + 1), raw, root: `${prefix}${domain}/` };
}
