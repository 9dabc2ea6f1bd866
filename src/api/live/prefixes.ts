/** The prefixes of live protocols: which URL belongs to which, and that no two want the same. */
import type { Settings } from '../../config/settings.ts';
import type { LiveApi } from '../../plugin-api/contracts/live.ts';

interface PrefixOwner {
  readonly prefix: string;
  readonly api: LiveApi;
}

type PlaceSettings = Pick<Settings, 'apiRoot' | 'contentPathPrefix' | 'domainEnabled'>;

const PREFIX = /^\/(?:[^/?#]+\/)+$/;

/** All prefixes, longer ones first. Throws for one that is malformed or meets another protocol, the REST API or the content. */
export function prefixesOf(apis: readonly LiveApi[], settings: Settings): PrefixOwner[] {
  const all = apis.flatMap((api) => api.prefixes(settings).map((prefix) => ({ prefix, api })));
  for (const [index, one] of all.entries()) {
    if (!PREFIX.test(one.prefix)) throw new Error(`${one.prefix} cannot be the prefix of a protocol`);
    const other = all.slice(0, index).find((before) => clash(before, one));
    if (other) throw new Error(`Two protocols want the URLs below ${one.prefix} and ${other.prefix}`);
    const core = [`${settings.apiRoot}api/v3/`, settings.contentPathPrefix].find((place) => meet(place, one.prefix));
    if (core)
      throw new Error(`A protocol wants the URLs below ${one.prefix}, and the server itself those below ${core}`);
  }
  return all.sort((left, right) => right.prefix.length - left.prefix.length);
}

const meet = (one: string, other: string) => one.startsWith(other) || other.startsWith(one);

/** A protocol may have one of its prefixes inside another. */
function clash(one: PrefixOwner, other: PrefixOwner): boolean {
  return one.prefix === other.prefix || (one.api !== other.api && meet(one.prefix, other.prefix));
}

/** Where domains are on, `/pulp/<name>/api/v3/` is the REST API of a domain, also of one that is named as a protocol is. */
export function isApiOfDomain(url: string, prefix: string, { apiRoot, domainEnabled }: PlaceSettings): boolean {
  return domainEnabled && url.startsWith('api/v3/', prefix.length) && isPartBelow(prefix, apiRoot);
}

function isPartBelow(prefix: string, root: string): boolean {
  return prefix.startsWith(root) && prefix.indexOf('/', root.length) === prefix.length - 1;
}
