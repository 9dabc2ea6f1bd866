/** The downloaders of a sync: one for its remote, others for alternate sources when they are first needed. */
import { withoutCredentials } from '../../download/download-error.ts';
import { DownloadError, type Downloader } from '../../download/downloader.ts';
import { messageOf } from '../../lib/errors.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import type { FetchedFile, UpstreamHead, Validators, Wanted } from '../../plugin-api/contracts/remote.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import { fetchArtifact } from '../repository/repair/fetch-artifact.ts';

export class OpenRemotes {
  readonly #context: TaskContext;
  readonly #open = new Map<string, Promise<Downloader>>();
  /** Servers that have failed where another had the file. */
  readonly #failed = new Set<string>();

  constructor(context: TaskContext) {
    this.#context = context;
  }

  /** From the first of several places that has it. */
  async fetch(remoteId: string, urls: readonly string[], wanted: Wanted): Promise<FetchedFile> {
    const downloader = await this.downloader(remoteId);
    const { settings, signal, domain, logger } = this.#context;
    const digests = settings.allowedContentChecksums;
    const target = { store: this.#context.storage(domain), digests, signal };
    const places =
      this.#failed.size === 0 ? [...urls] : urls.toSorted((a, b) => this.#hasFailed(a) - this.#hasFailed(b));
    for (let url = places.shift()!; ; url = places.shift()!) {
      try {
        return await fetchArtifact(downloader, target, url, wanted);
      } catch (error) {
        signal.throwIfAborted();
        if (places.length === 0) throw error;
        this.#failed.add(originOf(url));
        logger.warn({}, `${withoutCredentials(url)} failed, the next mirror is tried: ${messageOf(error)}`);
      }
    }
  }

  async fetchChanged(
    remoteId: string,
    url: string,
    known: Validators,
    wanted: Wanted,
  ): Promise<FetchedFile | undefined> {
    const { etag, lastModified } = known;
    const conditions = {
      ...(etag && { 'if-none-match': etag }),
      ...(!etag && lastModified && { 'if-modified-since': lastModified }),
    };
    try {
      return await this.fetch(remoteId, [url], { ...wanted, headers: { ...wanted.headers, ...conditions } });
    } catch (error) {
      if (error instanceof DownloadError && error.status === 304) return undefined;
      throw error;
    }
  }

  async head(remoteId: string, url: string, headers: Wanted['headers']): Promise<UpstreamHead> {
    const downloader = await this.downloader(remoteId);
    const response = await downloader.fetch(url, { method: 'HEAD', headers, signal: this.#context.signal });
    response.cancel();
    return response;
  }

  #hasFailed(url: string): number {
    return this.#failed.has(originOf(url)) ? 1 : 0;
  }

  downloader(remoteId: string): Promise<Downloader> {
    const known = this.#open.get(remoteId);
    if (known) return known;
    const opened = this.#connect(remoteId);
    this.#open.set(remoteId, opened);
    return opened;
  }

  async close(): Promise<void> {
    for (const opened of this.#open.values()) await opened.then((one) => one.close()).catch(() => {});
  }

  async #connect(remoteId: string): Promise<Downloader> {
    const { db, secrets, domain } = this.#context;
    const remote = await findRemote(db, secrets, domain.id, remoteId);
    if (!remote) throw new Error(`The remote ${remoteId} does not exist any more`);
    return this.#context.downloader(remote.settings);
  }
}

function originOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.host}` : url;
}
