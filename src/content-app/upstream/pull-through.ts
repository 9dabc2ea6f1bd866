/** Serves paths that are not here from the distribution's remote, and hands on what the type recognises as content. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sql } from '../../db/sql.ts';
import { formatHttpDate } from '../../lib/http/http-date.ts';
import { DEFAULT_MEDIA_TYPE, mediaTypeOf } from '../../lib/http/media-type.ts';
import { encodePath } from '../../lib/http/relative-path.ts';
import { remoteOf } from '../../model/repositories/remote.ts';
import type { DeclaredContent } from '../../plugin-api/contracts/declared-content.ts';
import type { UpstreamFile } from '../../plugin-api/contracts/remote.ts';
import type { ServedDistribution } from '../../plugin-api/contracts/serve.ts';
import type { Row } from '../../plugin-api/declare/field.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { ServedEntry } from '../distributions/served-entry.ts';
import { type FoundFile, findContentArtifact } from '../paths/find-file.ts';
import type { Fetched } from './fetch-file.ts';
import { type Flight, removeQuietly } from './flight.ts';
import { type OnDemandTools, tempOf } from './on-demand.ts';
import { digestNames, findKnownPath } from './remote-sources.ts';
import { sendFlight } from './send-flight.ts';

/** A file of a remote that was recognised as a unit of content. */
export interface PulledContent {
  readonly distribution: ServedDistribution;
  /** Row of the remote. */
  readonly remote: Row;
  readonly url: string;
  /** The unit; its artifact has url, size, digests and the received bytes as `temp`. */
  readonly content: DeclaredContent;
  readonly temp: TempArtifact;
}

/** Both add a unit to the distribution's repository, or dispatch that, unless it is there. */
export interface KeepPulled {
  /** Saves the unit before. Takes over the temporary file. */
  save(pulled: PulledContent): Promise<void>;
  add(distribution: ServedDistribution, contentArtifactId: number): Promise<void>;
}

export class PullThrough {
  readonly #tools: OnDemandTools;
  readonly #keep: KeepPulled | undefined;

  constructor(tools: OnDemandTools, keep: KeepPulled | undefined) {
    this.#tools = tools;
    this.#keep = keep;
  }

  /**
   * Sends a path of the remote. Answers the unit instead when a sync or another distribution has made the path known. Rejects
   * with UpstreamRefused or the error of the connection.
   */
  async send(
    request: IncomingMessage,
    response: ServerResponse,
    entry: ServedEntry,
    path: string,
  ): Promise<FoundFile | undefined> {
    const { db } = this.#tools.services;
    const remote = await db.row<Row>(sql`select * from remote where pulp_id = ${entry.remoteId}`);
    if (!remote) return undefined;
    const file = await this.#locate(entry, remote, path);
    if (!file) return undefined;
    const known = await findKnownPath(db, entry.remoteId!, path, file.url);
    if (known !== undefined) {
      await this.#add(entry, known);
      return await findContentArtifact(db, entry.source, known);
    }
    await this.#follow(request, response, entry, remote, file, path);
    return undefined;
  }

  /** What can be sent is sent, whether or not the repository gets it. */
  async #add({ distribution, type }: ServedEntry, contentArtifactId: number): Promise<void> {
    if (type?.pullThrough === undefined) return;
    try {
      await this.#keep?.add(distribution, contentArtifactId);
    } catch (error) {
      const { logger } = this.#tools.services;
      logger.error({ err: error, distribution: distribution.basePath }, 'could not add content of a remote');
    }
  }

  /** Below the URL of the remote, unless the type knows better. */
  async #locate({ type }: ServedEntry, remote: Row, path: string): Promise<UpstreamFile | null> {
    const { services } = this.#tools;
    if (type?.locate) return type.locate(services, remoteOf(remote, services.secrets), path);
    return { url: `${String(remote.url).replace(/\/+$/, '')}/${encodePath(path)}` };
  }

  async #follow(
    request: IncomingMessage,
    response: ServerResponse,
    entry: ServedEntry,
    remote: Row,
    file: UpstreamFile,
    path: string,
  ): Promise<void> {
    const run = (flight: Flight) => this.#fetch(flight, entry, remote, file, path);
    const saves = remote.policy !== 'streamed' && this.#keep !== undefined;
    const flight = this.#tools.flights.join(`path ${entry.distribution.pulpId} ${file.url}`, saves, run);
    try {
      await flight.until(() => flight.complete || flight.available > 0);
      const now = Date.now();
      const facts = {
        contentType: contentTypeOf(path, flight.contentType),
        lastModified: formatHttpDate(now),
        modifiedAt: now,
        etag: flight.digests?.sha256 && `"${flight.digests.sha256}"`,
        size: flight.size,
        headers: undefined,
      };
      // Who has got a file finds it saved, and in the repository unless its addition has to wait for others.
      await sendFlight(request, response, flight, facts, saves ? () => flight.untilEnded() : undefined);
    } finally {
      flight.leave();
    }
  }

  async #fetch(flight: Flight, entry: ServedEntry, remote: Row, from: UpstreamFile, path: string): Promise<void> {
    const { services, fetcher } = this.#tools;
    const { url, size, digests, headers } = from;
    const names = digestNames(services.settings.allowedContentChecksums);
    const fetched = await fetcher.fetch(flight, {
      request: { remote, url, ...(headers && { headers }) },
      expected: { size: size ?? null, digests },
      names,
      all: true,
    });
    try {
      await this.#handOn(entry, remote, from, path, fetched);
    } catch (error) {
      services.logger.error({ err: error, url }, 'could not save content of a remote');
    } finally {
      if ('temp' in fetched) await removeQuietly(fetched.temp.path);
    }
  }

  async #handOn(
    entry: ServedEntry,
    remote: Row,
    { url, headers = {} }: UpstreamFile,
    path: string,
    fetched: Fetched,
  ): Promise<void> {
    if (remote.policy === 'streamed' || !this.#keep) return;
    const { allowedContentChecksums } = this.#tools.services.settings;
    const temp = await tempOf(entry, fetched, allowedContentChecksums);
    const others: TempArtifact[] = [];
    try {
      const content = await entry.type?.pullThrough?.(path, fetched.digests as Record<string, string>, temp.size, {
        services: this.#tools.services,
        file: temp.path,
        receive: async (source) => {
          const other = await entry.store.receive(source, { digests: digestNames(allowedContentChecksums) });
          others.push(other);
          return other;
        },
      });
      if (!content) return;
      const [first, ...rest] = content.artifacts;
      const artifacts = first
        ? [{ ...first, url, headers, size: temp.size, digests: temp.digests, temp }, ...rest]
        : [];
      const { distribution } = entry;
      await this.#keep.save({ distribution, remote, url, content: { ...content, artifacts }, temp });
    } finally {
      for (const one of [temp, ...others]) await entry.store.discard(one);
    }
  }
}

/** What the name tells goes before what upstream says, as for everything else that is served. */
function contentTypeOf(path: string, told: string | undefined): string {
  const byName = mediaTypeOf(path);
  return byName === DEFAULT_MEDIA_TYPE && told ? told : byName;
}
