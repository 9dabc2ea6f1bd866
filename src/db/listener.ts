/** Receives NOTIFY on a connection of its own that comes back by itself when it is lost. */
import pg from 'pg';
import { prepareSession } from './statement.ts';

export type PayloadHandler = (payload: string) => void;

const firstPause = 100;
const longestPause = 5_000;
const pingEvery = 30_000;

export class Listener {
  readonly #config: pg.ClientConfig;
  readonly #onReconnect: () => void;
  readonly #handlers = new Map<string, Set<PayloadHandler>>();
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;
  #closed = false;
  #pause = firstPause;
  #retry: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout | undefined;
  #lostOnce = false;

  constructor(config: pg.ClientConfig, onReconnect: () => void) {
    this.#config = config;
    this.#onReconnect = onReconnect;
  }

  /** Adds a handler; resolves when it is active, or at once when the database is away (it is tried again later). */
  async listen(channel: string, handler: PayloadHandler): Promise<() => Promise<void>> {
    const known = this.#handlers.get(channel);
    if (known) known.add(handler);
    else this.#handlers.set(channel, new Set([handler]));
    if (!this.#client) await this.#connect();
    else if (!known) await this.#send(`listen ${pg.escapeIdentifier(channel)}`);
    return async () => {
      const handlers = this.#handlers.get(channel);
      if (!handlers?.delete(handler) || handlers.size > 0) return;
      this.#handlers.delete(channel);
      await this.#send(`unlisten ${pg.escapeIdentifier(channel)}`);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#ping);
    await this.#connecting;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #send(text: string): Promise<void> {
    // A failure here is a failure of the connection, which its error event deals with.
    await this.#client?.query(text).catch(() => {});
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#tryConnect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #tryConnect(): Promise<void> {
    if (this.#closed) return;
    const client = new pg.Client(this.#config);
    let lost = false;
    const onLost = () => {
      lost = true;
      if (this.#client === client) this.#lose();
    };
    client.on('error', onLost);
    client.on('end', onLost);
    client.on('notification', ({ channel, payload }) => {
      for (const handler of this.#handlers.get(channel) ?? []) handler(payload ?? '');
    });
    try {
      await client.connect();
      await prepareSession(client);
      await this.#listenToAll(client);
      if (lost) throw new Error('Connection terminated');
    } catch {
      client.end().catch(() => {});
      this.#lostOnce = true;
      this.#scheduleRetry();
      return;
    }
    this.#client = client;
    this.#pause = firstPause;
    this.#startPing(client);
    if (this.#lostOnce) this.#onReconnect();
    this.#lostOnce = false;
  }

  /** Repeats until no channel was added meanwhile, so that none is missed. */
  async #listenToAll(client: pg.Client): Promise<void> {
    const done = new Set<string>();
    for (;;) {
      const open = [...this.#handlers.keys()].filter((channel) => !done.has(channel));
      if (open.length === 0) return;
      await client.query(open.map((channel) => `listen ${pg.escapeIdentifier(channel)}`).join('; '));
      for (const channel of open) done.add(channel);
    }
  }

  #lose(): void {
    clearInterval(this.#ping);
    this.#client = undefined;
    this.#lostOnce = true;
    this.#scheduleRetry();
  }

  #scheduleRetry(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), this.#pause);
    this.#retry.unref();
    this.#pause = Math.min(this.#pause * 2, longestPause);
  }

  /** Finds connections that a firewall or a dead host has dropped without a word. */
  #startPing(client: pg.Client): void {
    clearInterval(this.#ping);
    this.#ping = setInterval(async () => {
      const late = setTimeout(() => {
        if (this.#client === client) this.#lose();
        client.end().catch(() => {});
      }, 10_000);
      await client.query('select 1').catch(() => {});
      clearTimeout(late);
    }, pingEvery);
    this.#ping.unref();
  }
}
