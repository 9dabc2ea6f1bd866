/** Fetches what must be here: several at a time, with a bound on units and bytes that are not saved yet. */

import type { Digests } from '../../../lib/crypto/digest.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { BoundedChannel } from '../../../lib/flow/bounded.ts';
import { Semaphore } from '../../../lib/flow/semaphore.ts';
import type { TempArtifact } from '../../../storage/artifact-store.ts';
import { isWanted, type SyncArtifact, type SyncUnit } from '../units.ts';

export interface Wanted {
  readonly remoteId: string;
  /** Places of the file, in the order to try them. */
  readonly urls: readonly string[];
  readonly size: number | null;
  readonly digests: Digests;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

export interface DownloadOptions {
  /** Fetches from one of the remotes into a temporary artifact, checked against what is expected of it. */
  readonly fetch: (wanted: Wanted) => Promise<TempArtifact>;
  readonly remoteId: string;
  readonly concurrency: number;
  /** Units fetched and not saved yet. */
  readonly items: number;
  /** Their bytes. */
  readonly mebibytes: number;
  /** A download has ended. */
  readonly fetched: () => void;
  /** An alternate source did not have what it should. */
  readonly warn: (message: string) => void;
}

interface Room {
  readonly items: Semaphore;
  readonly mebibytes: Semaphore;
}

/** Fills the channel with units that have all they need. */
export async function downloadStage(
  options: DownloadOptions,
  batches: AsyncIterable<SyncUnit[]>,
  channel: BoundedChannel<SyncUnit>,
): Promise<void> {
  const room = { items: new Semaphore(options.items), mebibytes: new Semaphore(options.mebibytes) };
  const waiting = unitsToFetch(batches, channel);
  const worker = async () => {
    for (let next = await waiting.next(); !next.done; next = await waiting.next()) {
      await fetchUnit(options, room, next.value);
      await channel.put(next.value);
    }
  };
  // More than there can be units under way would only wait.
  const workers = Array.from({ length: Math.min(options.concurrency, options.items) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    channel.fail(error);
    await waiting.return();
    throw error;
  } finally {
    // The first error ends the channel; the others end at their next step, and only then is the stage at its end.
    await Promise.allSettled(workers);
  }
}

/** Units that need nothing go on at once. */
async function* unitsToFetch(
  batches: AsyncIterable<SyncUnit[]>,
  channel: BoundedChannel<SyncUnit>,
): AsyncGenerator<SyncUnit, void> {
  for await (const batch of batches) {
    for (const unit of batch) {
      if (unit.artifacts.some(isWanted)) yield unit;
      else await channel.put(unit);
    }
  }
}

const MEBIBYTE = 1024 * 1024;

async function fetchUnit(options: DownloadOptions, room: Room, unit: SyncUnit): Promise<void> {
  const bytes = unit.artifacts.reduce((total, one) => total + (isWanted(one) ? (one.declared.size ?? 0) : 0), 0);
  const releaseItem = await room.items.acquire();
  const releaseBytes = bytes < MEBIBYTE ? undefined : await room.mebibytes.acquire(Math.ceil(bytes / MEBIBYTE));
  unit.release = () => {
    releaseItem();
    releaseBytes?.();
  };
  for (const artifact of unit.artifacts) {
    if (!isWanted(artifact)) continue;
    artifact.received = await fetchArtifact(options, artifact);
    options.fetched();
  }
  if (unit.declared.complete) await completeUnit(unit);
}

/** Alternate sources first; whatever is wrong with them, upstream has the last word. */
async function fetchArtifact(options: DownloadOptions, artifact: SyncArtifact): Promise<TempArtifact> {
  const { url, mirrors = [], size = null, digests = {}, headers, relativePath } = artifact.declared;
  for (const other of artifact.alternates) {
    try {
      const { remoteId, url: place, headers: own } = other;
      return await options.fetch({ remoteId, urls: [place], size, digests, headers: own });
    } catch (error) {
      options.warn(`The alternate source ${other.url} failed: ${messageOf(error)}`);
    }
  }
  if (url === undefined) throw new Error(`The artifact ${relativePath} has neither bytes nor a URL`);
  return await options.fetch({ remoteId: options.remoteId, urls: [url, ...mirrors], size, digests, headers });
}

async function completeUnit(unit: SyncUnit): Promise<void> {
  const files = new Map(unit.artifacts.map((artifact) => [artifact.declared, artifact.received?.path]));
  unit.declared = await unit.declared.complete!(unit.declared, (artifact) => {
    const path = files.get(artifact);
    if (path === undefined) throw new Error(`The bytes of ${artifact.relativePath} were not fetched in this sync`);
    return path;
  });
}
