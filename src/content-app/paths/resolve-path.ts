/** What a path of a distribution is, in the order of core.md §5.3 from the plugin's own answer to the grace period. */
import type { IncomingMessage } from 'node:http';
import { Semaphore } from '../../lib/flow/semaphore.ts';
import { encodePath } from '../../lib/http/relative-path.ts';
import { requestOrigin } from '../../lib/http/request-origin.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { ServeAnswer } from '../../plugin-api/contracts/serve.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { checkpointAt, checkpointsOf, listCheckpoints } from '../distributions/checkpoints.ts';
import type { ServedEntry, Source } from '../distributions/served-entry.ts';
import type { CachedAnswer } from './answer-cache.ts';
import { Directories } from './directories.ts';
import { findArtifactFile } from './find-artifact-file.ts';
import { type FoundFile, findContentArtifact, findFile, findIndex } from './find-file.ts';
import { findFormerFile } from './find-former-file.ts';
import { makeListing } from './make-listing.ts';
import type { RequestedPath } from './requested-path.ts';
import { storedFile } from './stored-file.ts';

/** Bytes of a unit that are only upstream. */
export interface RemoteAnswer {
  readonly kind: 'remote';
  readonly found: FoundFile;
  readonly contentType: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

export type Answer =
  | CachedAnswer
  | RemoteAnswer
  | { readonly kind: 'largeListing'; readonly file: TempArtifact }
  | { readonly kind: 'moved'; readonly location: string }
  | Exclude<ServeAnswer, { kind: 'contentArtifact' | 'artifact' }>;

export interface Resolved {
  readonly answer: Answer;
  /** Milliseconds for which a cacheable answer may be kept; 0: not at all. */
  readonly keep: number;
}

const MISSING = { kind: 'missing' } as const;
const NOWHERE: Resolved = {
  answer: {
    kind: 'missing',
    reason: 'Distribution is not pointing to a publication, repository, repository version, or remote.',
  },
  keep: 0,
};
/** Former publications may be deleted, which the entry's stamp does not tell. */
const KEEP_FORMER = 60_000;
/** Each holds a connection of the pool while it reads a cursor. */
const LISTINGS_AT_ONCE = 2;

/** Nobody has said what is to be served. */
function pointsNowhere({ distribution, remoteId }: ServedEntry): boolean {
  const { repository_id, repository_version_id, publication_id } = distribution.row;
  return [repository_id, repository_version_id, publication_id, remoteId].every((one) => one === null);
}

export class PathResolver {
  readonly #services: Services;
  readonly #directories: Directories;
  readonly #keep: number;
  readonly #listings = new Semaphore(LISTINGS_AT_ONCE);

  constructor(services: Services) {
    this.#services = services;
    this.#directories = new Directories(services.db);
    this.#keep = services.settings.cacheExpiresTtl * 1000;
  }

  /** The type's own answer, if it has one for this request. */
  async byPlugin(entry: ServedEntry, path: string, request: IncomingMessage): Promise<Resolved | undefined> {
    if (!entry.type?.serve) return undefined;
    const { trustedProxies } = this.#services.settings;
    const asked = {
      headers: request.headers,
      // Asked for by few answers, while this comes before what is kept, at each request.
      get origin() {
        return requestOrigin(request, trustedProxies);
      },
    };
    const answer = await entry.type.serve(this.#services, entry.distribution, path, asked);
    if (!answer) return undefined;
    if (answer.kind === 'artifact') {
      const file = await findArtifactFile(this.#services, answer.id);
      return { answer: file ? { kind: 'file', file } : MISSING, keep: 0 };
    }
    if (answer.kind !== 'contentArtifact') return { answer, keep: 0 };
    const found = await findContentArtifact(this.#services.db, entry.source, answer.id);
    return { answer: found ? fileAnswer(entry, found, answer) : MISSING, keep: 0 };
  }

  /** What is at a path below the base path, given without the slash between them. */
  async resolve(entry: ServedEntry, path: string, requested: RequestedPath): Promise<Resolved> {
    if (path.includes('//') || path.startsWith('/')) return { answer: MISSING, keep: this.#keep };
    if (entry.checkpointsOf !== null) return this.#checkpoint(entry, path, requested);
    if (!entry.source) return pointsNowhere(entry) ? NOWHERE : { answer: MISSING, keep: this.#keep };
    return this.#inSource(entry, entry.source, path, titleOf(requested));
  }

  async #checkpoint(entry: ServedEntry, path: string, requested: RequestedPath): Promise<Resolved> {
    const checkpoints = await checkpointsOf(this.#services.db, entry);
    if (path === '') {
      return { answer: { kind: 'listing', body: Buffer.from(listCheckpoints(checkpoints)) }, keep: this.#keep };
    }
    const slash = path.indexOf('/');
    if (slash < 0) return { answer: { kind: 'directory' }, keep: this.#keep };
    const time = path.slice(0, slash);
    const checkpoint = checkpointAt(checkpoints, time);
    // A time to come is no longer one later on.
    if (!checkpoint) return { answer: MISSING, keep: 0 };
    const rest = path.slice(slash + 1);
    if (checkpoint.name === time) return this.#inSource(entry, checkpoint.source, rest, titleOf(requested));
    const base = `${requested.root}${entry.distribution.basePath}/`;
    return { answer: { kind: 'moved', location: encodePath(`${base}${checkpoint.name}/${rest}`) }, keep: 0 };
  }

  async #inSource(entry: ServedEntry, source: Source, path: string, title: string): Promise<Resolved> {
    if (path === '' || path.endsWith('/')) return this.#directory(entry, source, path, title);
    const found = await findFile(this.#services.db, source, path);
    if (found) return { answer: fileAnswer(entry, found), keep: this.#keep };
    const former = await this.#former(entry, path);
    if (former) return former;
    const directory = await this.#directories.has(source, path);
    return { answer: directory ? { kind: 'directory' } : MISSING, keep: this.#keep };
  }

  /** What the current publication lacks and a former one had. */
  async #former(entry: ServedEntry, path: string): Promise<Resolved | undefined> {
    if (!entry.hasFormer) return undefined;
    const { db, settings } = this.#services;
    const seconds = settings.distributedPublicationRetentionPeriod;
    const found = await findFormerFile(db, entry.distribution.pulpId, path, seconds);
    return found && { answer: fileAnswer(entry, found), keep: Math.min(KEEP_FORMER, found.graceLeft) };
  }

  async #directory(entry: ServedEntry, source: Source, path: string, title: string): Promise<Resolved> {
    const index = await findIndex(this.#services.db, source, path);
    if (index) return { answer: fileAnswer(entry, index), keep: this.#keep };
    if (!(await this.#directories.has(source, path.slice(0, -1)))) return { answer: MISSING, keep: this.#keep };
    const release = await this.#listings.acquire();
    try {
      return { answer: await makeListing(this.#services.db, entry.store, source, path, title), keep: this.#keep };
    } finally {
      release();
    }
  }
}

function titleOf(requested: RequestedPath): string {
  return requested.root + requested.path;
}

/** A file that is here, or where it can be fetched. */
export function fileAnswer(
  entry: ServedEntry,
  found: FoundFile,
  told: { contentType?: string; headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const { contentType, headers } = told;
  if (!found.artifact) {
    return found.contentArtifactId === null ? MISSING : { kind: 'remote', found, contentType, headers };
  }
  const { relativePath: path, date } = found;
  return {
    kind: 'file',
    file: storedFile({ store: entry.store, ...found.artifact, path, date, contentType, headers }),
  };
}
