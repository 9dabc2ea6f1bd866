/** Serves bytes that are only upstream: units synced with a deferred policy (core.md §3.6), each fetched once for all who ask. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatHttpDate } from '../../lib/http/http-date.ts';
import { mediaTypeOf } from '../../lib/http/media-type.ts';
import { setArtifacts } from '../../model/content/content-artifact.ts';
import { noteSourceFailed } from '../../model/content/remote-artifact.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { DigestMismatch, SizeMismatch } from '../../storage/storage-errors.ts';
import type { ServedEntry } from '../distributions/served-entry.ts';
import type { FoundFile } from '../paths/find-file.ts';
import type { RemoteAnswer } from '../paths/resolve-path.ts';
import type { ArtifactSaver } from './artifact-saver.ts';
import type { Fetched, FileFetcher } from './fetch-file.ts';
import { type Flight, removeQuietly } from './flight.ts';
import type { Flights } from './flights.ts';
import { digestNames, findSources, type RemoteSource, type RemoteSources } from './remote-sources.ts';
import { answeredFromRecords, type FlightFacts, sendFlight } from './send-flight.ts';
import { BAD_SOURCE, NO_SOURCE, type Trouble, troubleOf, worseOf } from './trouble.ts';

/** No source has the right bytes now. */
export class NotFetched extends Error {
  override readonly name = 'NotFetched';
  readonly trouble: Trouble;
  constructor(message: string, trouble: Trouble) {
    super(message);
    this.trouble = trouble;
  }
}

export interface OnDemandTools {
  readonly services: Services;
  readonly fetcher: FileFetcher;
  readonly flights: Flights;
  readonly saver: ArtifactSaver;
}

export class OnDemand {
  readonly #tools: OnDemandTools;

  constructor(tools: OnDemandTools) {
    this.#tools = tools;
  }

  /**
   * Sends the bytes of a unit from upstream. Answers the file instead when equal bytes turn out to be here already, and
   * rejects with NotFetched when nobody has them.
   */
  async send(
    request: IncomingMessage,
    response: ServerResponse,
    entry: ServedEntry,
    answer: RemoteAnswer,
  ): Promise<FoundFile | undefined> {
    const { db, settings } = this.#tools.services;
    const id = answer.found.contentArtifactId!;
    const cooldown = settings.remoteContentFetchFailureCooldown;
    const sources = await findSources(db, entry.distribution.domain.id, id, cooldown);
    const { artifact } = sources;
    if (artifact) {
      await setArtifacts(db, [{ id, artifactId: artifact.id }]);
      return { ...answer.found, artifact };
    }
    if (sources.sources.length === 0)
      throw new NotFetched('no source is left', sources.isFailed ? BAD_SOURCE : NO_SOURCE);
    const facts = factsOf(answer, sources);
    if (!answeredFromRecords(request, response, facts))
      await this.#follow(request, response, entry, id, sources, facts);
    return undefined;
  }

  async #follow(
    request: IncomingMessage,
    response: ServerResponse,
    entry: ServedEntry,
    id: number,
    sources: RemoteSources,
    facts: FlightFacts,
  ): Promise<void> {
    const saves = sources.sources.some(({ remote }) => remote.policy !== 'streamed');
    const run = (flight: Flight) => this.#fetch(flight, entry, id, sources.sources);
    const flight = this.#tools.flights.join(`unit ${id}`, saves, run);
    try {
      await flight.until(() => flight.complete || flight.available > 0);
      // Who has got a small file finds its artifact.
      if (flight.bytes && saves) await flight.untilEnded();
      await sendFlight(request, response, flight, facts);
    } finally {
      flight.leave();
    }
  }

  /** Tries one source after the other as long as no client has seen anything. */
  async #fetch(flight: Flight, entry: ServedEntry, id: number, sources: readonly RemoteSource[]): Promise<void> {
    let trouble: Trouble | undefined;
    for (const source of sources) {
      const fetched = await this.#tryOne(flight, source);
      if (!('status' in fetched)) return this.#save(entry, id, source, fetched);
      trouble = worseOf(trouble, fetched);
      if (flight.streaming || flight.abort.signal.aborted) break;
    }
    throw new NotFetched('no source has the right bytes', trouble ?? NO_SOURCE);
  }

  async #tryOne(flight: Flight, source: RemoteSource): Promise<Fetched | Trouble> {
    const { services, fetcher } = this.#tools;
    const { remote, url, headers } = source;
    const request = { remote, url, ...(headers && { headers }) };
    const names = digestNames(services.settings.allowedContentChecksums);
    try {
      return await fetcher.fetch(flight, { request, expected: { size: source.size, digests: source.digests }, names });
    } catch (error) {
      services.logger.warn({ err: error, url: source.url }, 'could not fetch on-demand content');
      // Trouble of the network may be over at the next request; wrong bytes will not.
      if (error instanceof DigestMismatch || error instanceof SizeMismatch)
        await noteSourceFailed(services.db, source.id);
      return troubleOf(error);
    }
  }

  async #save(entry: ServedEntry, id: number, source: RemoteSource, fetched: Fetched): Promise<void> {
    const { services, saver } = this.#tools;
    if (source.remote.policy === 'streamed') {
      if ('temp' in fetched) await removeQuietly(fetched.temp.path);
      return;
    }
    try {
      const temp = await tempOf(entry, fetched, services.settings.allowedContentChecksums);
      await saver.save(entry.store, entry.distribution.domain.id, temp, id);
    } catch (error) {
      services.logger.error({ err: error, url: source.url }, 'could not save on-demand content');
    }
  }
}

/** The body as a temporary file. */
export async function tempOf(entry: ServedEntry, fetched: Fetched, allowed: readonly string[]) {
  if ('temp' in fetched) return fetched.temp;
  const expected = { size: fetched.bytes.length, digests: fetched.digests };
  return entry.store.receive([fetched.bytes], { digests: digestNames(allowed), expected });
}

function factsOf({ found, contentType, headers }: RemoteAnswer, { sha256, size }: RemoteSources): FlightFacts {
  const modifiedAt = Math.floor(found.date / 1000) * 1000;
  return {
    contentType: contentType ?? mediaTypeOf(found.relativePath),
    lastModified: formatHttpDate(modifiedAt),
    modifiedAt,
    etag: sha256 && `"${sha256}"`,
    size,
    headers,
  };
}
