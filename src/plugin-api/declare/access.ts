/** The vocabulary for who may do what with a resource: statements of its access policy in short form, its permissions and roles. */
import type { Sql } from '../../db/sql.ts';
import type { RequestContext } from '../contracts/context.ts';

/** A statement as policies keep it and as it goes over the wire. */
export interface Statement {
  readonly action: string | readonly string[];
  readonly principal: string | readonly string[];
  readonly effect: string;
  readonly condition?: string | readonly string[];
  readonly condition_expression?: string | readonly string[];
}

/** What happens when an object was made: roles are given by it. */
export interface CreationHook {
  readonly function: string;
  readonly parameters?: unknown;
}

/** A role that the software brings and nobody can change. */
export interface LockedRole {
  readonly description?: string;
  /** Full names (`file.upload_files`). */
  readonly permissions: readonly string[];
}

/** What a resource says of access where it differs from what its kind usually has. */
export interface AccessDeclaration {
  /**
   * Statements in short form, instead of the usual ones: `actions`, or `actions | conditions`, or `principal: actions`.
   * Conditions are joined by ` & `; one alone in brackets stands in a list. Each is `mdo:view_`: letters for where the
   * permission may be held (m everywhere, d in the domain, o on the object), then the permission: `view_` is that of the
   * own model, `view_fileremote` another of the app, with a dot any. `remote.mdo:` asks about the object that the body
   * names (remote, repo, publication, upload), `repository.` and `group.` about the parent in the path, `attr.` about
   * the repository of the object. `required:` needs a repository in the body. Behind `=` stands a condition as it is.
   */
  readonly statements?: readonly string[];
  /** Further statements in short form, after the usual ones. */
  readonly more?: readonly string[];
  /** Repositories: the statements of their versions in short form. */
  readonly versions?: readonly string[];
  /** null: users get no roles on what they make. */
  readonly hooks?: readonly CreationHook[] | null;
  /** null: all rows are visible. Default: those the caller may view. */
  readonly scoping?: { readonly function: string; readonly parameters?: unknown } | null;
  /** Codenames of the model's permissions beside add, change, delete, view, manage_roles: `sync_filerepository`. */
  readonly permissions?: readonly string[];
  /** Roles beside creator, owner and viewer, or other permissions for these, by full name. */
  readonly roles?: Readonly<Record<string, LockedRole | null>>;
  /** The policy is not listed and cannot be changed. */
  readonly hidden?: boolean;
}

/** An object as roles name it: the label of its model (`file.filerepository`) and its id on the wire. */
export interface ConditionObject {
  readonly label: string;
  readonly id: string;
}

/** What a request of a live protocol is about. */
export interface ConditionSubject {
  /** The distribution that is asked about, with its row. */
  readonly distribution?: {
    readonly pulpId: string;
    readonly pulpType: string;
    readonly basePath: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly row: Readonly<Record<string, unknown>>;
  };
  /** The repository that is asked about, or that stands behind the distribution; undefined where there is none. */
  repository(): Promise<ConditionObject | undefined>;
}

/** What a condition of a package type is told. */
export interface ConditionContext {
  readonly request: RequestContext;
  /** Only for requests of live protocols. */
  readonly subject?: ConditionSubject | undefined;
  /** `list`, `create` … */
  readonly action: string;
  readonly params: Readonly<Record<string, string>>;
  /** The body; undefined while it has not been read. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** Whether the caller holds the permission everywhere or in the domain of the request. */
  holds(permission: string): boolean;
  /** Whether the caller holds it on an object, by label and id. */
  holdsOn(permission: string, label: string, id: string): Promise<boolean>;
}

/** A condition of a package type; 'body' asks to be called again when the body has been read. */
export type Condition = (context: ConditionContext, argument: string) => Promise<boolean | 'body'> | boolean | 'body';

/** A queryset scoping of a package type: the condition on `t` for what the caller may see; undefined for everything. */
export type Scoping = (context: ConditionContext, parameters: unknown) => Promise<Sql | undefined>;

/** Statements in short form that many resources share, and actions that are spoken of together. */
export const usual = {
  read: 'list retrieve my_permissions',
  change: 'update partial_update',
  destroy: 'destroy | mdo:delete_ & mdo:view_',
  roleActions: 'list_roles add_role remove_role',
  roles: 'list_roles add_role remove_role | [mdo:manage_roles_]',
  labels: 'set_label unset_label',
} as const;

const PLACES: Readonly<Record<string, string>> = { m: 'model', d: 'domain', o: 'obj' };
const SOURCES: Readonly<Record<string, string>> = {
  remote: 'remote_param_',
  repo: 'repo_or_repo_ver_param_',
  publication: 'publication_param_',
  upload: 'upload_param_',
  repository: 'repository_',
  group: 'group_',
  attr: 'repo_attr_',
};

/** Statements from their short form. */
export function statementsOf(app: string, model: string, lines: readonly string[]): Statement[] {
  return lines.map((line) => statementOf(app, model, line));
}

const LINE = /^(?:(?<principal>[^:|]+): )?(?<actions>[^|]+?)(?: \| (?<conditions>.+))?$/;

function statementOf(app: string, model: string, line: string): Statement {
  const parts = LINE.exec(line)?.groups;
  if (!parts) throw new Error(`no statement: ${line}`);
  const { principal = 'authenticated', actions = '', conditions } = parts;
  return {
    action: actions.split(' '),
    effect: 'allow',
    principal: /^\[.*\]$/.test(principal) ? principal.slice(1, -1).split(' ') : principal,
    ...(conditions !== undefined && { condition: conditionsOf(app, model, conditions) }),
  };
}

function conditionsOf(app: string, model: string, text: string): string | string[] {
  const bracketed = text.startsWith('[');
  const list = (bracketed ? text.slice(1, -1) : text).split(' & ').map((one) => conditionOf(app, model, one));
  return bracketed || list.length > 1 ? list : list[0]!;
}

function conditionOf(app: string, model: string, text: string): string {
  if (text.startsWith('=')) return text.slice(1);
  const colon = text.indexOf(':');
  const permissions = text
    .slice(colon + 1)
    .split(',')
    .map((word) => permissionOf(app, model, word));
  return `${conditionName(text.slice(0, colon))}:${permissions.join(',')}`;
}

function conditionName(head: string): string {
  if (head === 'required') return 'has_required_repo_perms_on_upload';
  const [source, letters] = head.includes('.') ? head.split('.') : ['', head];
  const places = [...letters!].map((letter) => PLACES[letter]).join('_or_');
  return `has_${source ? SOURCES[source] : ''}${places}_perms`;
}

/** `view_` → `file.view_filerepository`, `view_fileremote` → `file.view_fileremote` */
export function permissionOf(app: string, model: string, word: string): string {
  if (word.includes('.')) return word;
  return `${app}.${word}${word.endsWith('_') ? model : ''}`;
}
