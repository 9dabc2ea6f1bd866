/** The services handed to hooks, tasks and actions: everything a plugin may use comes in through these. */
import type { Settings } from '../../config/settings.ts';
import type { Database } from '../../db/database.ts';
import type { Sql } from '../../db/sql.ts';
import type { Downloader, RemoteSettings } from '../../download/downloader.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';
import type { ArtifactStore } from '../../storage/artifact-store.ts';
import type { Model, Models } from '../declare/model.ts';
import type { Row, Values } from '../declare/values.ts';

/** A domain: objects of two domains never meet. `id` is the key of its rows, `pulpId` the id on the wire. */
export interface Domain {
  readonly id: number;
  readonly pulpId: string;
  readonly name: string;
  /** Changes with the settings of its storage (model/domain.ts). */
  readonly storageStamp?: string;
}

/** Names the storage of the default domain, which all others share unless they have their own. */
export const MAIN_STORAGE: Domain = { id: 0, pulpId: '', name: 'default' };

/** An account that has logged in, with what its way of logging in allows. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly isSuperuser: boolean;
  readonly isStaff: boolean;
  /** Count of changes of access policies when the account was read. */
  readonly policies?: number;
  /** Known by an API token: it opens no session and makes no tokens. */
  readonly byToken?: boolean;
  /** The token used gives only these permissions; isSuperuser is then false. */
  readonly limit?: TokenLimit;
}

/** What a token of some permissions is limited to: of a superuser just these, of others those that the account holds too. */
export interface TokenLimit {
  readonly permissions: readonly string[];
  readonly ofSuperuser: boolean;
}

/** The log of the process: an object of details, then the sentence. Secrets and bodies do not belong into either. */
export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Built once per process by app/services.ts and passed down. */
export interface Services {
  readonly settings: Settings;
  readonly db: Database;
  /** The artifact store of a domain. */
  readonly storage: (domain: Domain) => ArtifactStore;
  /** A downloader for a remote, with the defaults of the settings filled in; must be closed. */
  readonly downloader: (remote: RemoteSettings) => Downloader;
  readonly secrets: Secrets;
  readonly models: Models;
  readonly logger: Logger;
  /** The wire object of a resource named by its model's label, as its detail view answers it; null when it is gone. */
  readonly present: (domain: Domain, label: string, pulpId: string) => Promise<Record<string, unknown> | null>;
  /** What `create` of a request does. */
  readonly create: (request: RequestContext, ...object: Parameters<CreateObject>) => Promise<CreatedObject>;
}

/**
 * A task to be queued. Lock names are PRNs or free words; two tasks that name one exclusively, or one exclusively and one shared,
 * run one after the other.
 */
export interface OwnTaskRequest {
  /** Dotted name of a registered task function. */
  readonly name: string;
  readonly args: unknown;
  /** Lock names (PRNs or free words); a task also holds its domain shared unless it names it here. */
  readonly exclusive?: readonly (string | null | undefined)[];
  readonly shared?: readonly (string | null | undefined)[];
  /** Runs at once in the calling process when nothing blocks it. */
  readonly immediate?: boolean;
  /** An immediate task that is blocked waits for a worker (default) instead of being canceled. */
  readonly deferrable?: boolean;
  readonly taskGroup?: string | null;
  readonly profileOptions?: readonly string[] | null;
  /** Least versions of components that a worker must have to take it; for tasks that older programs cannot run. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** A task with its domain and its caller; requests and tasks that ask for one give it theirs. */
export interface TaskRequest extends OwnTaskRequest {
  readonly domain: Domain;
  /** Key of the account that asks for it, null for the server itself. */
  readonly userId: number | null;
  /** The limit of the token it is asked for with; holds for what the task does and for its children. */
  readonly limit?: TokenLimit | null;
}

/** A task that is in the queue. `state` is that of the moment: `waiting`, or an end where it ran at once. */
export interface DispatchedTask {
  readonly id: number;
  readonly pulpId: string;
  readonly state: string;
}

/** What a request names beside its own object, such as the repository in a filter, has to be visible too. `table` is that of its model. */
export type Visible = (table: string, alias: string) => Sql | undefined;

/** Turns rows into wire values: knows the prefix of hrefs and the models. */
export interface Presenter {
  readonly services: Services;
  readonly domain: Domain;
  /** `/pulp/api/v3/` or `/pulp/<domain>/api/v3/`. */
  readonly apiPrefix: string;
  /** The prefix of what belongs to no domain: that of the default domain. */
  readonly globalPrefix: string;
  /** href of an object of a model named by label (`file.filerepository`). */
  href(label: string, pulpId: string): string;
  /** href of a row of a master table by its pulp_type; null for null. */
  hrefOfType(master: string, pulpType: string | null, pulpId: string | null): string | null;
  /** Content origin, prefix and domain: where distributions are served. */
  contentUrl(basePath: string): string;
  /** Condition on rows of another kind for those the caller may see; absent, or undefined, when the caller sees all of them. */
  readonly visible?: Visible;
  /** Whether all of these objects of a model may be named in a body by the caller; absent when the caller may name any. */
  readonly mayName?: (model: Model, ids: readonly string[]) => Promise<boolean>;
}

/** A request to the REST API as actions see it. */
export interface RequestContext extends Presenter {
  readonly user: User | null;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly method: string;
  /** Path with query as sent. */
  readonly url: string;
  /** `http://host` as the client sees it. */
  readonly origin: string;
  readonly db: Database;
  dispatch(request: OwnTaskRequest): Promise<DispatchedTask>;
  readonly create: CreateObject;
}

/**
 * Makes an object of a declared type or resource at once, also where its own requests make it in a task. It passes all that a request would
 * pass: values by wire name against the declaration (references as hrefs or PRNs), rules over several fields, values that must be
 * unique, encryption of secrets, rows that come with it, roles of the user who makes it. Whether that user may is not asked: the policy
 * of what calls this says so. For resources whose rows are inserted as they are, such as repositories, remotes, distributions and guards.
 * Throws ValidationError with the body of a 400.
 */
export type CreateObject = (type: { readonly model: Model }, values: Values) => Promise<CreatedObject>;

/** An object that `create` has made. */
export interface CreatedObject {
  /** Id on the wire. */
  readonly id: string;
  readonly row: Row;
  /** What a request for it is answered: 201 with the object and its Location. */
  readonly answer: Answer;
}

/** An answer of the REST API: status, a body that becomes JSON, and headers. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Values of Set-Cookie, one header each. */
  readonly cookies?: readonly string[];
}
