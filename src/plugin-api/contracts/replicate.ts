/** How a package type replicates: what an upstream distribution of it becomes here. */
import type { ContentType } from '../declare/content.ts';
import type { DeclaredDistribution } from '../declare/distribution-type.ts';
import type { Values } from '../declare/field.ts';
import type { DeclaredRemote } from '../declare/remote-type.ts';
import type { DeclaredRepository } from '../declare/repository-type.ts';

/** A distribution of the upstream server with what it serves. */
export interface UpstreamSource {
  /** As upstream's list answers it. */
  readonly distribution: Values;
  /** Absolute URL at which it is served, slash at the end. */
  readonly baseUrl: string;
  /** Scheme, host and port at which upstream's API is reached. */
  readonly server: string;
  /** Those fields of the repository behind it that the replicator asks for. */
  readonly repository: Values;
  /** Those fields of the served publication that the replicator asks for; null where versions are served as they are. */
  readonly publication: Values | null;
}

/** What is needed here to have the same: fields by wire name beside those every type has. */
export interface Replica {
  /** URL of the remote. */
  readonly url: string;
  readonly remote?: Values;
  readonly repository?: Values;
  readonly distribution?: Values;
  /** Options of the sync task; they must make the content equal to upstream's. */
  readonly sync: Values;
}

/** Units by their path, whose digests are compared with what upstream lists for the version it serves. */
export interface VerifiedContent {
  /** A type with a path column. */
  readonly content: ContentType;
  readonly digest: { readonly column: string; readonly wire: string };
}

/** How distributions of one type are replicated from another server. */
export interface Replicator {
  /** The types that stand here for a distribution of upstream, what it serves, and where that comes from. */
  readonly distribution: DeclaredDistribution;
  readonly repository: DeclaredRepository;
  readonly remote: DeclaredRemote;
  /** Names of type's own fields that are asked of upstream. */
  readonly repositoryFields?: readonly string[];
  readonly publicationFields?: readonly string[];
  readonly distributionFields?: readonly string[];
  /** Everything that is compared unit by unit after a sync, in this order; of other content only the numbers are. */
  readonly verified?: readonly VerifiedContent[];
  /** Content types whose numbers may differ from upstream's after a sync. */
  readonly uncounted?: readonly string[];
  /** Refuses with `unsupported`, a reason for people, what cannot be fetched from where upstream serves it. */
  express(source: UpstreamSource): Replica | { readonly unsupported: string };
}
