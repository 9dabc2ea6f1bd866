/** Sends requests to upstream servers: one HTTP client for each state of a remote, so that connections and limits are shared. */
import { STATUS_CODES } from 'node:http';
import { CONNECTION_NAMES, isSecret } from '../../download/connection-settings.ts';
import type { Downloader, RemoteSettings } from '../../download/downloader.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';
import type { Row } from '../../plugin-api/declare/field.ts';
import type { OpenUpstream } from './upstream.ts';

const MAX_CLIENTS = 64;
/** One that was replaced may still be in someone's hands for the length of a request. */
const RETIRE_AFTER = 60_000;

export class UpstreamClients {
  readonly #secrets: Secrets;
  readonly #create: (settings: RemoteSettings) => Downloader;
  readonly #clients = new Map<string, Downloader>();

  constructor(secrets: Secrets, create: (settings: RemoteSettings) => Downloader) {
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
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all(clients.map((client) => client.close()));
  }

  #clientOf(remote: Row): Downloader {
    const key = JSON.stringify(remote);
    const client = this.#clients.get(key) ?? this.#create(decrypted(remote, this.#secrets));
    this.#clients.delete(key);
    this.#clients.set(key, client); // the last used one is the last to go
    if (this.#clients.size > MAX_CLIENTS) this.#retireOldest();
    return client;
  }

  #retireOldest(): void {
    const [key, client] = this.#clients.entries().next().value!;
    this.#clients.delete(key);
    setTimeout(() => void client.close({ gracefully: true }).catch(() => undefined), RETIRE_AFTER).unref();
  }
}

function decrypted(remote: Row, secrets: Secrets): RemoteSettings {
  const plain = (name: string) => (typeof remote[name] === 'string' ? secrets.decrypt(remote[name]) : null);
  const { url, rate_limit, pulp_id, pulp_type, details } = remote as unknown as RemoteSettings;
  const connection = CONNECTION_NAMES.map((name) => [name, isSecret(name) ? plain(name) : remote[name]]);
  return { url, rate_limit, pulp_id, pulp_type, details, ...Object.fromEntries(connection) };
}
