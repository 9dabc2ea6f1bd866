/** Serving: how the content processes answer for a distribution of a type. */
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { Row, Values } from '../declare/field.ts';
import type { Domain, Services } from './context.ts';
import type { DeclaredContent } from './declared-content.ts';
import type { AnswerKey } from './kept.ts';
import type { Remote, UpstreamFile } from './remote.ts';
import type { Version } from './version.ts';

/** A distribution as the content app knows it. */
export interface ServedDistribution {
  readonly pulpId: string;
  readonly pulpType: string;
  readonly domain: Domain;
  readonly basePath: string;
  readonly details: Values;
  readonly row: Row;
  /** Version that is served, if any. */
  readonly version: Version | null;
  readonly publicationId: string | null;
}

/** What a type may know of a request for content. */
export interface ServeRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** `https://host` as the client sees it: trusted proxies are believed. */
  readonly origin: string;
}

/** What a type answers to a path by itself. */
export type ServeAnswer =
  | {
      readonly kind: 'text';
      readonly body: string | Uint8Array;
      readonly contentType: string;
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  /** An artifact of any domain by its id on the wire. */
  | { readonly kind: 'artifact'; readonly id: string }
  | {
      readonly kind: 'contentArtifact';
      readonly id: number;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** What a user copies to make a client use a distribution. */
export interface ClientSetup {
  /** Name of the program: `pip`. */
  readonly client: string;
  /** The file the text belongs into; without one it is commands. */
  readonly file?: string;
  readonly text: string;
}

/** How distributions of a type are served. */
export interface DistributionType {
  readonly pulpType: string;
  /** Serves publications (default when the repository type has a publicationType). */
  readonly servesPublications: boolean;
  /** Answers a path itself; undefined leaves it to the core. */
  serve?(
    services: Services,
    distribution: ServedDistribution,
    path: string,
    request: ServeRequest,
  ): Promise<ServeAnswer | undefined>;
  /**
   * The answer of `serve` that a request for a path gets, where the core may keep it: texts with status 200 that follow from the state of
   * the distribution alone. They have validators, and are sent in a coding that the client takes; `serve` is only asked for those that
   * are not kept. To be quick: it is asked at every request. Undefined leaves the request to `serve`.
   */
  keeps?(path: string, headers: Readonly<Record<string, string | string[] | undefined>>): AnswerKey | undefined;
  /**
   * Names of at most `limit` subjects of answers (see AnswerKey) that differ between two versions of one repository; undefined where that
   * cannot be told. Without it each new version costs all kept answers.
   */
  changed?(services: Services, from: Version, to: Version, limit: number): Promise<readonly string[] | undefined>;
  /** Set-up texts for the clients of a distribution; its URL has a slash at the end. */
  clientSetup?(distribution: { readonly name: string; readonly baseUrl: string }): readonly ClientSetup[];
  /** The path that a URL with this query asks for, where the query changes it. */
  pathWith?(path: string, query: URLSearchParams): string;
  /** Where upstream has a path, for types whose files are not at their own paths below the remote's URL; null: nowhere. */
  locate?(services: Services, remote: Remote, path: string): Promise<UpstreamFile | null>;
  /** Recognises a path fetched from the distribution's remote as a unit of content; its first artifact is what was fetched. */
  pullThrough?(
    path: string,
    digests: Readonly<Record<string, string>>,
    size: number,
    bytes: PulledBytes,
  ): Promise<DeclaredContent | undefined>;
}

/** What was fetched from upstream: a local file that is valid during the call, and a way to make others of it. */
export interface PulledBytes {
  readonly services: Services;
  readonly file: string;
  receive(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<TempArtifact>;
}
