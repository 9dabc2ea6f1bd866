/** A package type: what a folder of plugins/ tells the core about itself. A missing part is a missing capability. */
import type { Condition, LockedRole, Scoping } from '../declare/access.ts';
import type { ContentType } from '../declare/content.ts';
import type { ExportResource } from '../declare/export-resource.ts';
import type { Action, Resource } from '../declare/resource.ts';
import type { ContentTools } from './content-tools.ts';
import type { GuardType } from './guard.ts';
import type { LiveApi } from './live.ts';
import type { PublicationType } from './publish.ts';
import type { Replicator } from './replicate.ts';
import type { RepositoryType } from './repository.ts';
import type { DistributionType } from './serve.ts';
import type { SigningClass } from './signing.ts';
import type { TaskFunction } from './task.ts';
import type { UploadReader } from './upload.ts';

export interface Plugin {
  /** App label: `file`. */
  readonly name: string;
  /** To clients it is no component of its own. */
  readonly partOfCore?: boolean;
  /** Version of the peer's component that is mimicked. */
  readonly version: string;
  readonly package: string;
  readonly module: string;
  readonly contentTypes: readonly ContentType[];
  /** How units are made of uploaded bytes. */
  readonly uploads?: readonly UploadReader[];
  readonly resources: readonly Resource[];
  readonly repositories: readonly RepositoryType[];
  readonly publications: readonly PublicationType[];
  readonly distributions: readonly DistributionType[];
  /** How its distributions are brought here from another server; absent: they are not. */
  readonly replicate?: readonly Replicator[];
  /** What archives keep of its content and repositories, in the order of import; absent: they cannot be exported. */
  readonly exportResources?: readonly ExportResource[];
  /** Classes of signing services beside that of the core. */
  readonly signing?: readonly SigningClass[];
  /** How its content guards decide. */
  readonly guards?: readonly GuardType[];
  readonly tasks?: readonly TaskFunction[];
  /** Tasks that save content or make versions. */
  readonly contentTasks?: (tools: ContentTools) => readonly TaskFunction[];
  /** Actions on the versions of its repositories. */
  readonly versionActions?: readonly Action[];
  /** A protocol of its clients on the host of the API, outside the REST API. */
  readonly live?: LiveApi;
  /** Conditions of access policies beside those of the core, by name. */
  readonly conditions?: Readonly<Record<string, Condition>>;
  /** Functions of queryset_scoping beside scope_queryset, by name. */
  readonly scopings?: Readonly<Record<string, Scoping>>;
  /** Locked roles that span several resources, by full name. */
  readonly roles?: Readonly<Record<string, LockedRole>>;
  /** Directory with the plugin's migrations. */
  readonly migrations?: URL;
}

/** Declares a package type; the identity function that gives the literal its type. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
