/** What a package type tells of itself to pass the conformance suite: tiny upstreams, and how its pieces look to clients. */
import type { Plugin } from '../../src/plugin-api/contracts/plugin.ts';
import type { ContentType } from '../../src/plugin-api/declare/content.ts';
import type { DeclaredDistribution } from '../../src/plugin-api/declare/distribution-type.ts';
import type { DeclaredPublication } from '../../src/plugin-api/declare/publication-type.ts';
import type { DeclaredRemote } from '../../src/plugin-api/declare/remote-type.ts';
import type { DeclaredRepository } from '../../src/plugin-api/declare/repository-type.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
export type Json = any;

/** A unit of the type that the tests sync, upload and serve. Its bytes are a few hundred at most. */
export interface SampleUnit {
  /** Where a distribution serves its bytes, below the base path. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Fields of an upload beside the file; default: `relative_path`. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** Five units. The first state of upstream is `kept`, `removed`, `before`, the changed one `kept`, `after`, `added`. */
export interface Samples {
  readonly kept: SampleUnit;
  readonly removed: SampleUnit;
  /** Has the place of `after` in a version: the same path, other bytes. */
  readonly before: SampleUnit;
  readonly after: SampleUnit;
  readonly added: SampleUnit;
}

/** A file of an upstream; a text or bytes alone are sent without a type. */
export type UpstreamFile = string | Buffer | { readonly body: string | Buffer; readonly type: string };

/** Files of an upstream by path (`/dir/index.json`). What is not named is answered 404. */
export type UpstreamTree = Readonly<Record<string, UpstreamFile>>;

export interface HostileUpstream {
  readonly name: string;
  readonly tree: (origin: string) => UpstreamTree;
  /** What the error of the failed task says. */
  readonly says: RegExp;
}

export interface UpstreamDescription {
  /** An upstream that has these units and no others. */
  tree(units: readonly SampleUnit[], origin: string): UpstreamTree;
  /** URL of the remote. */
  url(origin: string): string;
  /** Fields of the remote beside name, url and policy. */
  readonly remote?: object;
  /** Options of a sync that leaves what upstream has not; absent: the type cannot. */
  readonly additive?: object;
  /** Options of a sync that makes the content equal to upstream's; absent: the type cannot. */
  readonly mirror?: object;
  /** Upstreams that make the sync fail without a trace. */
  readonly hostile: readonly HostileUpstream[];
}

/** A distribution as a client of the type sees it. */
export interface ClientView {
  /** Scheme and host of the server. */
  readonly origin: string;
  /** URL at which the content app serves the distribution, slash at the end. */
  readonly content: string;
  readonly domain: string;
  readonly basePath: string;
}

export interface PluginConformance {
  readonly plugin: Plugin;
  readonly repository: DeclaredRepository;
  readonly content: ContentType;
  /** Absent: the type has none, and what needs it is skipped by name. */
  readonly remote?: DeclaredRemote;
  readonly publication?: DeclaredPublication;
  readonly distribution?: DeclaredDistribution;
  readonly samples: Samples;
  /** The path of a unit as the API answers it; the tests know units by it. */
  readonly pathOf: (unit: Json) => string;
  readonly upstream?: UpstreamDescription;
  /** Bytes that are no unit of the type: their upload is refused and leaves nothing. */
  readonly refused?: readonly (SampleUnit & { readonly name: string; readonly says: RegExp })[];
  /** Paths of the units that a client finds by the index of a distribution. Absent: the type has no index. */
  readonly listing?: (client: ClientView) => Promise<readonly string[]>;
}
