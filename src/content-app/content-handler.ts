/** The content app: answers GET and HEAD below the content prefix (core.md §5.3 and §5.4). */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { DISTRIBUTION_CHANNEL, SEEN_AFTER } from '../model/repositories/distribution-change.ts';
import { MAIN_STORAGE, type Services } from '../plugin-api/contracts/context.ts';
import type { DistributionType } from '../plugin-api/contracts/serve.ts';
import { HashPool } from '../storage/hash-pool.ts';
import { DistributionCache } from './distributions/distribution-cache.ts';
import { EntryLoader } from './distributions/load-entry.ts';
import type { CheckGuard } from './guards/check-guard.ts';
import { KeptAnswers } from './kept/kept-answers.ts';
import { LiveContent } from './live-content.ts';
import { AnswerCache } from './paths/answer-cache.ts';
import { rootWithoutSlash } from './paths/requested-path.ts';
import { PathResolver } from './paths/resolve-path.ts';
import { ContentServer } from './serve-request.ts';
import { ArtifactSaver } from './upstream/artifact-saver.ts';
import { FileFetcher } from './upstream/fetch-file.ts';
import { Flights } from './upstream/flights.ts';
import { UpstreamClients } from './upstream/open-upstream.ts';
import type { KeepPulled } from './upstream/pull-through.ts';

export interface ContentOptions {
  /** Asked at every request for a distribution with a guard; without it such requests are refused. */
  readonly guards?: CheckGuard;
  /** Saves what pull-through has recognised; without it nothing is saved. */
  readonly keepPulled?: KeepPulled;
  /** Milliseconds for which a distribution is served without looking whether it has changed. */
  readonly freshFor?: number;
  /** Answers kept in memory, and their bytes with the bodies of small files. */
  readonly cacheEntries?: number;
  readonly cacheBytes?: number;
  /** On-demand bodies up to this size are sent only when their digest is known to be right … */
  readonly holdBytes?: number;
  /** … but for no longer than so many milliseconds, and not when more than so many bytes are held already. */
  readonly holdTime?: number;
  readonly holdTotal?: number;
}

export interface ContentHandler {
  /** Answers a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Whether a URL is for the content app. */
  matches(url: string): boolean;
  /** What protocols of package types outside the content app need of it. */
  readonly live: LiveContent;
  /** A writer in this process has committed a change of a distribution (its pulp_id), or of any (`*`). */
  invalidate(distributionId: string): void;
  /** Waits for what is being saved and lets go of everything. */
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

export function createContentHandler(
  services: Services,
  types: readonly DistributionType[],
  options: ContentOptions = {},
): ContentHandler {
  const { settings, db } = services;
  const loader = new EntryLoader(services, types);
  const distributions = new DistributionCache({
    db,
    publishing: loader.publishing,
    freshFor: options.freshFor ?? SEEN_AFTER,
    load: (domain, path) => loader.load(domain, path),
  });
  const answers = new AnswerCache({
    maxEntries: options.cacheEntries ?? 50_000,
    maxBytes: options.cacheBytes ?? 48 * MIB,
  });
  const kept = new KeptAnswers(services);
  const upstream = new UpstreamClients(services.secrets, services.downloader);
  let pool: HashPool | undefined;
  const hashPool = () => (pool ??= new HashPool());
  const tools = {
    services,
    flights: new Flights(),
    saver: new ArtifactSaver(db, settings.allowedContentChecksums),
    fetcher: new FileFetcher({
      open: upstream.open,
      hashPool,
      spool: services.storage(MAIN_STORAGE).temporary,
      holdBytes: options.holdBytes ?? 8 * MIB,
      holdTime: options.holdTime ?? 5_000,
      holdTotal: options.holdTotal ?? 256 * MIB,
    }),
  };
  const server = new ContentServer({
    services,
    distributions,
    answers,
    kept,
    resolver: new PathResolver(services),
    tools,
    guards: options.guards,
    keepPulled: options.keepPulled,
  });
  const listening = db.listen(DISTRIBUTION_CHANNEL, (id) => distributions.invalidate(id));
  const forget = db.onReconnect(() => distributions.invalidate('*'));
  return {
    handle: (request, response) => server.handle(request, response),
    live: new LiveContent({ services, distributions, kept, tools, guards: options.guards }),
    matches: (url) => url.startsWith(settings.contentPathPrefix) || rootWithoutSlash(url, settings) !== undefined,
    invalidate: (id) => distributions.invalidate(id),
    async close() {
      forget();
      await tools.flights.close();
      const unlisten = await listening.catch(() => undefined);
      await unlisten?.();
      await Promise.all([upstream.close(), pool?.close()]);
    },
  };
}
