/** Fetches the bytes of a new unit from a URL given by a client, by a remote that exists for this one download. */
import type { RemoteSettings } from '../../download/downloader.ts';
import { ValidationError } from '../../lib/errors.ts';
import { unescaped } from '../../lib/text/unescaped.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { fetchArtifact } from '../repository/repair/fetch-artifact.ts';

/** User and password in the URL become credentials; `config` has fields of a remote. */
export async function fetchUrl(
  services: Services,
  domain: Domain,
  text: string,
  config: Values,
  signal?: AbortSignal,
): Promise<TempArtifact> {
  const url = URL.parse(text);
  if (!url) throw ValidationError.field('file_url', 'Enter a valid URL.');
  const credentials = url.username ? { username: unescaped(url.username), password: unescaped(url.password) } : {};
  url.username = '';
  url.password = '';
  const settings: RemoteSettings = { ...config, ...credentials, url: url.href };
  const downloader = services.downloader(settings);
  const digests = services.settings.allowedContentChecksums;
  try {
    return await fetchArtifact(downloader, { store: services.storage(domain), digests, signal }, url.href);
  } finally {
    await downloader.close();
  }
}
