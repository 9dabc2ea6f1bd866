/** Making downloaders for remotes: one for a sync, or shared ones for the requests of a process. */
import type { Settings } from '../config/settings.ts';
import type { Secrets } from '../lib/crypto/secrets.ts';
import type { RemoteBehaviour } from './behaviour/remote-behaviour.ts';
import { TokenStore } from './behaviour/tokens.ts';
import { Downloader, type DownloaderOptions } from './http-downloader.ts';
import type { RemoteSettings } from './remote-settings.ts';

export { bearerChallenge } from './behaviour/bearer-challenge.ts';
export type * from './behaviour/remote-behaviour.ts';
export { DownloadError } from './download-error.ts';
export type { DownloadResponse } from './download-response.ts';
export type { Downloader, DownloaderOptions, DownloadOptions, FetchOptions, Sink } from './http-downloader.ts';
export type { RemoteSettings } from './remote-settings.ts';

const MOST_SHARED = 64;
/** A shared downloader that was replaced may still be in someone's hands for the length of a request. */
const RETIRE_AFTER = 60_000;

/** A downloader with its own connections and limits; close it at the end. Throws DownloadError for unusable settings. */
export function createDownloader(remote: RemoteSettings, options: DownloaderOptions = {}): Downloader {
  return new Downloader(remote, options);
}

interface DownloaderFactory {
  /** A downloader of its own for a remote, completed by the server's defaults; close it at the end. */
  create(remote: RemoteSettings): Downloader;
  /** The one downloader of this process for equal settings, so that limits hold over all requests; not to be closed. */
  shared(remote: RemoteSettings): Downloader;
  /** Closes the shared ones. */
  close(): Promise<void>;
}

/** A kind of remotes with behaviour of its own. */
export interface TypeOfRemotes extends RemoteBehaviour {
  readonly pulpType: string;
  /** Names of those of its details that are stored encrypted. */
  readonly secrets?: readonly string[];
}

/** `types` act on remotes whose settings name them; `secrets` decrypts what those have in their details. */
export function createDownloaderFactory(
  settings: Settings,
  types: readonly TypeOfRemotes[] = [],
  secrets?: Pick<Secrets, 'decrypt'>,
): DownloaderFactory {
  const allowedPaths = settings.allowedImportPaths;
  const byType = new Map(types.map((type) => [type.pulpType, type]));
  const tokens = new TokenStore();
  const shared = new Map<string, Downloader>();
  const create = (given: RemoteSettings) => {
    const remote = withDefaults(given, settings.remoteDefaults);
    const type = byType.get(remote.pulp_type ?? '');
    if (!type?.prepare && !type?.challenge) return new Downloader(remote, { allowedPaths });
    const clear = { ...remote, details: inClear(remote.details ?? {}, type.secrets ?? [], secrets) };
    const access = { remote: clear, settings, tokens: tokens.of(clear) };
    return new Downloader(remote, { allowedPaths, behaviour: { type, access } });
  };
  return {
    create,
    shared(remote) {
      const key = JSON.stringify(remote);
      const downloader = shared.get(key) ?? create(remote);
      shared.delete(key);
      shared.set(key, downloader); // the last used one is the last to go
      if (shared.size > MOST_SHARED) retireOldest(shared);
      return downloader;
    },
    async close() {
      await Promise.all([...shared.values()].map((downloader) => downloader.close()));
      shared.clear();
    },
  };
}

function inClear(
  details: Readonly<Record<string, unknown>>,
  names: readonly string[],
  secrets: Pick<Secrets, 'decrypt'> | undefined,
): Readonly<Record<string, unknown>> {
  const clear = names.flatMap((name) => {
    const value = details[name];
    return typeof value === 'string' && secrets ? [[name, secrets.decrypt(value)]] : [];
  });
  return { ...details, ...Object.fromEntries(clear) };
}

function retireOldest(shared: Map<string, Downloader>): void {
  const [key, downloader] = shared.entries().next().value!;
  shared.delete(key);
  setTimeout(() => void downloader.close({ gracefully: true }), RETIRE_AFTER).unref();
}

/** What the remote leaves open comes from the server's settings; a proxy of its own does not get the credentials of another. */
function withDefaults(remote: RemoteSettings, defaults: Readonly<Record<string, unknown>>): RemoteSettings {
  const wanted = Object.entries(defaults).filter(([name]) => !(remote.proxy_url && name.startsWith('proxy_')));
  const given = Object.entries(remote).filter(([, value]) => value !== null && value !== undefined);
  return { ...remote, ...Object.fromEntries(wanted), ...Object.fromEntries(given) };
}
