/** Sends requests to upstream servers by the downloads' HTTP client, one for each state of a remote. */
import { STATUS_CODES } from 'node:http';
import { createDownloader, type Downloader, type RemoteSettings } from '../download/downloader.ts';
import type { Secrets } from '../lib/secrets.ts';
import type { Row } from '../plugin-api/field.ts';
import type { OpenUpstream } from './upstream.ts';

const SECRETS = ['username', 'password', 'client_key', 'proxy_username', 'proxy_password'] as const;
const MAX_CLIENTS = 200;

interface Client {
  readonly version: string;
  readonly downloader: Downloader;
}

export class UpstreamClients {
  readonly #secrets: Secrets;
  readonly #create: (settings: RemoteSettings) => Downloader;
  readonly #clients = new Map<string, Client>();

  constructor(secrets: Secrets, create: (settings: RemoteSettings) => Downloader = createDownloader) {
    this.#secrets = secrets;
    this.#create = create;
  }

  /** Clients are waiting for the answer, so failures go on to the next source at once instead of being tried again. */
  readonly open: OpenUpstream = async ({ remote, url, headers }, signal) => {
    const answer = await this.#clientOf(remote).fetch(url, { headers, signal, retries: 0 });
    return {
      status: answer.status,
      reason: answer.reason || STATUS_CODES[answer.status] || '',
      header: (name) => answer.header(name),
      body: answer.body,
      discard: () => answer.cancel(),
    };
  };

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ downloader }) => downloader.close()));
    this.#clients.clear();
  }

  /** Connections are kept between requests; a changed remote gets a client of its own. */
  #clientOf(remote: Row): Downloader {
    const id = String(remote.pulp_id);
    const version = String(remote.pulp_last_updated);
    const known = this.#clients.get(id);
    if (known?.version === version) return known.downloader;
    const downloader = this.#create(this.#settingsOf(remote));
    this.#clients.delete(id);
    this.#clients.set(id, { version, downloader });
    if (this.#clients.size > MAX_CLIENTS) this.#clients.delete(this.#clients.keys().next().value!);
    return downloader;
  }

  #settingsOf(remote: Row): RemoteSettings {
    const settings: Row = { ...remote };
    for (const name of SECRETS) {
      const value = remote[name];
      if (typeof value === 'string') settings[name] = this.#secrets.decrypt(value);
    }
    return settings as unknown as RemoteSettings;
  }
}
