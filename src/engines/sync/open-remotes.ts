/** The downloaders of a sync: one for its remote, others for alternate sources when they are first needed. */
import type { Downloader } from '../../download/downloader.ts';
import type { DigestName } from '../../lib/crypto/digest.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { type ExpectedBytes, fetchArtifact } from '../repository/repair/fetch-artifact.ts';

export class OpenRemotes {
  readonly #context: TaskContext;
  readonly #open = new Map<string, Promise<Downloader>>();

  constructor(context: TaskContext) {
    this.#context = context;
  }

  async fetch(remoteId: string, url: string, expected: ExpectedBytes): Promise<TempArtifact & { url: string }> {
    const { settings, signal, domain } = this.#context;
    const digests = settings.allowedContentChecksums as DigestName[];
    const store = this.#context.storage(domain);
    return await fetchArtifact(await this.downloader(remoteId), { store, digests, signal }, url, expected);
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
