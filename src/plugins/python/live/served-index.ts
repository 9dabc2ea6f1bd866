/** What a live request is about: the distribution, the version it serves, and how its URLs are made. */
import { HttpError } from '../../../lib/errors.ts';
import type { Domain, LiveDistribution, LiveRequest, Presenter, Version } from '../../../plugin-api/index.ts';
import { indexUrl } from '../index-url.ts';

export interface ServedIndex {
  readonly request: LiveRequest;
  readonly distribution: LiveDistribution;
  readonly domain: Domain;
  readonly version: Version | null;
  readonly presenter: Presenter;
  /** The answer is for who asks alone: credentials were sent, or a guard has let the request pass. */
  readonly isPrivate: boolean;
}

/** The version that is served. Throws HttpError where the distribution has neither a repository nor anything else to serve. */
export function servedVersion({ version }: ServedIndex): Version {
  if (!version) throw new HttpError(404, 'No repository associated with this index');
  return version;
}

export function openIndex(request: LiveRequest, distribution: LiveDistribution, isPrivate = false): ServedIndex {
  const { domain, version } = distribution;
  return { request, distribution, domain, version, presenter: request.presenter(domain), isPrivate };
}

/** `http://host/pulp/content/<base path>/<file>`: on the host of the request where no content origin is set. */
export function fileUrl({ presenter, distribution, request }: ServedIndex, filename: string): string {
  const base = presenter.contentUrl(distribution.basePath);
  const absolute = base.startsWith('/') ? request.origin + base : base;
  return `${absolute}${absolute.endsWith('/') ? '' : '/'}${encodeURIComponent(filename)}`;
}

/** The URL of the index itself. */
export function ownUrl({ presenter, distribution, request }: ServedIndex): string {
  return indexUrl({ ...presenter, origin: request.origin }, distribution.basePath);
}
