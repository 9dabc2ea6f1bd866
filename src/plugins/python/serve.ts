/** What the content app answers of an index beside its files: the JSON metadata of projects. */
import type { ServeAnswer, ServedDistribution, ServeRequest, Services } from '../../plugin-api/index.ts';
import { LAST_SERIAL } from './formats/index/index-file.ts';
import { projectMetadata } from './live/metadata.ts';

const METADATA = /^pypi\/([^/]+)(?:\/([^/]+))?\/json\/?$/;

export async function servePython(
  services: Services,
  distribution: ServedDistribution,
  path: string,
  { origin }: ServeRequest,
): Promise<ServeAnswer | undefined> {
  const found = METADATA.exec(path);
  const { version } = distribution;
  if (!found || !version) return undefined;
  const base = contentUrl(services, distribution, origin);
  const urlOf = (filename: string) => `${base}/${encodeURIComponent(filename)}`;
  const body = await projectMetadata(services.db, version, { name: found[1]!, asked: found[2] ?? null, urlOf });
  if (!body) return undefined;
  const told = { 'X-PYPI-LAST-SERIAL': String(LAST_SERIAL) };
  return { kind: 'text', body: JSON.stringify(body), contentType: 'application/json; charset=utf-8', headers: told };
}

/** On the host that was asked where the settings name no content origin. */
function contentUrl({ settings }: Services, { domain, basePath }: ServedDistribution, asked: string): string {
  const origin = settings.contentOrigin ?? asked;
  const inDomain = settings.domainEnabled ? `${domain.name}/` : '';
  return `${origin.replace(/\/+$/, '')}${settings.contentPathPrefix}${inDomain}${basePath}`;
}
