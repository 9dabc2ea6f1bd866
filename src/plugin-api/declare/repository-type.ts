/** Types of repositories: one value holds the names, fields, access and tasks of a type, and what it does. */
import type { RequestContext } from '../contracts/context.ts';
import type { RepositoryType } from '../contracts/repository.ts';
import type { RepositorySync } from '../contracts/sync.ts';
import type { ContentType } from './content.ts';
import type { Field, Row, Values } from './field.ts';
import { identityOf, type TypeDeclaration, type TypeIdentity } from './names-of-type.ts';
import type { DeclaredPublication } from './publication-type.ts';
import type { DeclaredRemote } from './remote-type.ts';
import type { Action } from './resource.ts';

/** Sync as an action of the REST API and as a task. */
export interface SyncDeclaration extends Omit<RepositorySync, 'remotes'> {
  /** Component of the body of the action. */
  readonly component: string;
  /** Fields of the body beside `remote`; the sync gets them as `options`. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Remotes it can be synced from. */
  readonly remotes: readonly DeclaredRemote[];
  /** Refuses a request before its task is dispatched: throws ValidationError. `repository` is the row. */
  readonly check?: (values: Values, repository: Values) => void;
}

/** The units of a modify request by their ids on the wire; `remove` may be `['*']`. */
export interface Modification {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly hasBase: boolean;
  /** Values of the type's own fields in the request. */
  readonly values: Values;
}

/** Throws ValidationError where the change would be refused later. */
export type ModifyCheck = (request: RequestContext, repository: Row, modification: Modification) => Promise<void>;

/** What a type adds to the action `modify`. */
export interface ModifyDeclaration {
  /** Fields of the body beside the core's (deb: the distribution and component of what is added). */
  readonly fields?: Readonly<Record<string, Field>>;
  /** Component of the body where the type adds fields. */
  readonly component?: string;
  /**
   * Dotted name of the task instead of the core's; it gets the core's arguments (`repository`, `base_version`, `add_content_units`,
   * `remove_content_units`, `overwrite`, `dry_run`) and `values`, those of the type's own fields.
   */
  readonly task?: string;
  readonly check?: ModifyCheck;
}

/** What a type of repositories is declared with: names and fields, and what it does. */
export interface RepositoryDeclaration
  extends TypeDeclaration,
    Omit<RepositoryType, 'pulpType' | 'contentTypes' | 'publicationType' | 'servesPublications' | 'sync'> {
  /** Types of content it can hold. */
  readonly content: readonly ContentType[];
  /** Types of publications made of it; the first is made where none is named (autopublish, schedules). */
  readonly publications?: readonly DeclaredPublication[];
  /** false: it has no field `remote`. */
  readonly remote?: boolean;
  readonly sync?: SyncDeclaration;
  /** false: it has no action `modify`. */
  readonly modify?: false | ModifyDeclaration;
  /** Actions on its versions beside delete and repair. */
  readonly versionActions?: readonly Action[];
}

/** A declared type of repositories. */
export interface DeclaredRepository
  extends Omit<RepositoryDeclaration, 'pulpType' | 'sync'>,
    Omit<RepositoryType, 'sync'>,
    TypeIdentity {
  readonly sync?: SyncOf;
}

/** A sync with the remotes' words in `pulp_type`, as the engine compares them. */
export type SyncOf = Omit<SyncDeclaration, 'remotes'> & RepositorySync;

/** Where the resources of repositories are, and their master table. */
export const REPOSITORY = { path: 'repositories', table: 'repository' } as const;

/** Declares a type of repositories. */
export function repositoryType(declaration: RepositoryDeclaration): DeclaredRepository {
  const { sync, pulpType: _, ...rest } = declaration;
  const { content, publications = [] } = declaration;
  return {
    ...rest,
    ...identityOf(REPOSITORY, declaration),
    contentTypes: content,
    ...(publications[0] && { publicationType: publications[0].pulpType }),
    servesPublications: publications.some(({ optional }) => !optional),
    ...(sync && { sync: { ...sync, remotes: sync.remotes.map(({ pulpType }) => pulpType) } }),
  };
}
