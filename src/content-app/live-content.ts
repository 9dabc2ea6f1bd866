/** What protocols outside the content app need of it: the distributions it serves, their guards, and stored bytes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Services } from '../plugin-api/contracts/context.ts';
import type { DistributionState } from '../plugin-api/contracts/kept.ts';
import type { LiveDistribution, LiveFileAnswer } from '../plugin-api/contracts/live.ts';
import { MissingFile } from '../storage/storage-errors.ts';
import type { DistributionCache } from './distributions/distribution-cache.ts';
import type { ServedEntry } from './distributions/served-entry.ts';
import type { CheckGuard } from './guards/check-guard.ts';
import type { KeptAnswers } from './kept/kept-answers.ts';
import { findArtifactFile } from './paths/find-artifact-file.ts';
import { findContentArtifact } from './paths/find-file.ts';
import { type Answer, fileAnswer } from './paths/resolve-path.ts';
import { accelPrefixFor } from './send/accel-prefix.ts';
import { sendFile } from './send/send-file.ts';
import { sendStatus } from './send/send-text.ts';
import { NotFetched, OnDemand, type OnDemandTools } from './upstream/on-demand.ts';

interface LiveContentParts {
  readonly services: Services;
  readonly distributions: DistributionCache;
  readonly kept: KeptAnswers;
  readonly tools: OnDemandTools;
  readonly guards: CheckGuard | undefined;
}

export class LiveContent {
  readonly #parts: LiveContentParts;
  readonly #onDemand: OnDemand;
  readonly #distributions = new WeakMap<ServedEntry, LiveDistribution>();
  readonly #entries = new WeakMap<LiveDistribution, ServedEntry>();

  constructor(parts: LiveContentParts) {
    this.#parts = parts;
    this.#onDemand = new OnDemand(parts.tools);
  }

  async find(domain: string, path: string): Promise<LiveDistribution | undefined> {
    const entry = await this.#parts.distributions.find(domain, path);
    if (!entry) return undefined;
    const known = this.#distributions.get(entry);
    if (known) return known;
    const made: LiveDistribution = { ...entry.distribution, state: `${entry.serial}` };
    this.#distributions.set(entry, made);
    this.#entries.set(made, entry);
    return made;
  }

  kept(distribution: LiveDistribution): Promise<DistributionState> {
    return this.#parts.kept.of(this.#entryOf(distribution));
  }

  /** Why the guard of the distribution refuses the request; undefined lets it pass. */
  async refusalOf(distribution: LiveDistribution, message: IncomingMessage, path: string): Promise<string | undefined> {
    const { guard } = this.#entryOf(distribution);
    if (!guard) return undefined;
    const { guards } = this.#parts;
    if (!guards) return 'Access denied.';
    const { url = '', headers } = message;
    return await guards(guard, distribution.domain, { message, url, headers, path });
  }

  #entryOf(distribution: LiveDistribution): ServedEntry {
    const entry = this.#entries.get(distribution);
    if (!entry) throw new Error('Only distributions that were found can be asked about');
    return entry;
  }

  /** Sends stored bytes, from upstream where they are only there; 404 where they are nowhere. */
  async send(request: IncomingMessage, response: ServerResponse, answer: LiveFileAnswer): Promise<void> {
    const { file } = answer;
    const entry = 'distribution' in file ? this.#entryOf(file.distribution) : undefined;
    try {
      const found = await this.#find(answer, entry);
      if (found?.kind === 'remote') {
        const here = await this.#onDemand.send(request, response, entry!, found);
        if (here) await this.#sendStored(request, response, fileAnswer(entry!, here, answer), entry);
      } else await this.#sendStored(request, response, found, entry);
    } catch (error) {
      if (!(error instanceof NotFetched || error instanceof MissingFile) || response.headersSent) throw error;
      sendStatus(request, response, { status: 404 });
    }
  }

  async #find(answer: LiveFileAnswer, entry: ServedEntry | undefined): Promise<Answer | undefined> {
    const { file } = answer;
    const { services } = this.#parts;
    if ('artifact' in file) {
      const stored = await findArtifactFile(services, file.artifact, answer);
      return stored && { kind: 'file', file: stored };
    }
    const found = await findContentArtifact(services.db, entry!.source, file.contentArtifact);
    return found && fileAnswer(entry!, found, answer);
  }

  async #sendStored(
    request: IncomingMessage,
    response: ServerResponse,
    answer: Answer | undefined,
    entry: ServedEntry | undefined,
  ): Promise<void> {
    if (answer?.kind !== 'file') return sendStatus(request, response, { status: 404 });
    await sendFile(request, response, answer.file, {
      mark: undefined,
      redirects: entry?.redirects ?? false,
      accelPrefix: accelPrefixFor(request, this.#parts.services),
      onBody: undefined,
    });
  }
}
