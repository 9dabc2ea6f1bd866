/** A package type: what a folder of plugins/ tells the core about itself. A missing part is a missing capability. */
import type { Declarations } from '../../config/setting.ts';
import type { Condition, LockedRole, Scoping } from '../declare/access.ts';
import type { DeclaredAlternateSource } from '../declare/alternate-source-type.ts';
import type { ContentType } from '../declare/content.ts';
import type { DeclaredDistribution } from '../declare/distribution-type.ts';
import type { ExportResource } from '../declare/export-resource.ts';
import type { DeclaredGuard } from '../declare/guard-type.ts';
import type { DeclaredPublication } from '../declare/publication-type.ts';
import type { DeclaredRemote } from '../declare/remote-type.ts';
import type { DeclaredRepository } from '../declare/repository-type.ts';
import type { Resource } from '../declare/resource.ts';
import type { SigningClass } from '../toolkit/signing.ts';
import type { ContentTask } from './content-tools.ts';
import type { PluginEndpoint } from './endpoint.ts';
import type { LiveApi } from './live.ts';
import type { Replicator } from './replicate.ts';
import type { UploadReader } from './upload.ts';

/** The declared types of a package type, by kind. */
export interface PluginTypes {
  readonly contentTypes: readonly ContentType[];
  readonly repositories: readonly DeclaredRepository[];
  readonly remotes: readonly DeclaredRemote[];
  readonly publications: readonly DeclaredPublication[];
  readonly distributions: readonly DeclaredDistribution[];
  readonly alternateSources: readonly DeclaredAlternateSource[];
  readonly guards: readonly DeclaredGuard[];
  /** Resources that are of none of these kinds. */
  readonly resources: readonly Resource[];
}

/** What a package type is called, here and by clients of Pulp. */
export interface PluginNames {
  /** App label: `file`. */
  readonly name: string;
  /** To clients it is no component of its own. */
  readonly partOfCore?: boolean;
  /** Version of the component of Pulp that is mimicked. */
  readonly version: string;
  readonly package: string;
  readonly module: string;
}

/** What a package type can do beyond what its types say. */
export interface PluginAbilities {
  /** How units are made of uploaded bytes. */
  readonly uploads?: readonly UploadReader[];
  /** How its distributions are brought here from another server; absent: they are not. */
  readonly replicate?: readonly Replicator[];
  /** What archives keep of its content and repositories, in the order of import; absent: they cannot be exported. */
  readonly exportResources?: readonly ExportResource[];
  /** Classes of signing services beside that of the core. */
  readonly signing?: readonly SigningClass[];
  readonly tasks?: readonly ContentTask[];
  /** Protocols of its clients outside the REST API. */
  readonly live?: readonly LiveApi[];
  /** Operations of the REST API that belong to no resource. */
  readonly endpoints?: readonly PluginEndpoint[];
}

/** Who may do what, beyond what resources say of themselves. */
export interface PluginRights {
  /** Conditions of access policies beside those of the core, by name. */
  readonly conditions?: Readonly<Record<string, Condition>>;
  /** Functions of queryset_scoping beside scope_queryset, by name. */
  readonly scopings?: Readonly<Record<string, Scoping>>;
  /** Locked roles that span several resources, by full name. */
  readonly roles?: Readonly<Record<string, LockedRole>>;
}

/** What a package type keeps and lets operators set. */
export interface PluginGround {
  /** Its folder `migrations/`, under which those of installed types are found without loading them. */
  readonly migrations?: URL;
  /** Tables that its migrations make beside those of its content types. */
  readonly tables?: readonly string[];
  /** Settings of its own; listed in app/installed-settings.ts too, so that the command line knows them without the plugin. */
  readonly settings?: Declarations;
}

/** A package type as the program composes it: the result of `definePlugin`. */
export interface Plugin extends PluginNames, PluginTypes, PluginAbilities, PluginRights, PluginGround {}

/** Kinds that the package type does not have may be left out. */
export type PluginDeclaration = Omit<Plugin, keyof PluginTypes> & Partial<PluginTypes>;

const NO_TYPES: PluginTypes = {
  contentTypes: [],
  repositories: [],
  remotes: [],
  publications: [],
  distributions: [],
  alternateSources: [],
  guards: [],
  resources: [],
};

/** Declares a package type. */
export function definePlugin(declaration: PluginDeclaration): Plugin {
  return { ...NO_TYPES, ...declaration };
}
