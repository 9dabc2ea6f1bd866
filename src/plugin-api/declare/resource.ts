/** A resource, declared once: table mapping, fields, filters, operations and actions; everything else is derived from it. */

import type { Transaction } from '../../db/database.ts';
import type { Sql } from '../../db/sql.ts';
import type { DigestName } from '../../lib/crypto/digest.ts';
import type { ErrorBody } from '../../lib/errors.ts';
import type { ListPlace } from '../../model/content/content-count.ts';
import type { Answer, RequestContext, Services } from '../contracts/context.ts';
import type { AccessDeclaration } from './access.ts';
import type { Field, Row, Values } from './field.ts';
import type { Filters } from './filter.ts';
import type { Model } from './model.ts';

/** The table behind a resource and how its rows are read; `t` is the alias of the table, `d` that of a detail table. */
export interface TableMapping {
  /** Table written by create, update and delete. */
  readonly name: string;
  /** FROM clause with the alias `t` for the table itself. */
  readonly from: Sql;
  /** FROM clause without the detail table `d`, for counting and passing over rows when only `t` is asked for. */
  readonly narrow?: Sql;
  /** Column of the id on the wire. */
  readonly key: string;
  /** Expression that sorts newest rows first when descending. */
  readonly newest: Sql;
  /** Condition that is always added, such as the type's own rows of a master table. */
  readonly where?: Sql;
  /** Rows of other domains are invisible (condition on `t.domain_id`). */
  readonly inDomain: boolean;
  /** Condition that limits rows to a parent named in the path. */
  readonly parent?: (request: RequestContext, params: Readonly<Record<string, string>>) => Promise<Sql>;
  /** Expressions for ordering words that are not a column of the table; null means the word is accepted and the default used. */
  readonly order?: Readonly<Record<string, Sql>>;
  /** Columns needed by computed fields though no field shows them. */
  readonly columns?: readonly Sql[];
}

/** Write path of an operation: in the request, as a task, or as a task run at once when nothing blocks it. */
export type Mode = 'now' | 'task' | 'immediate';

/** A constraint of the database and the body of the 400 that tells of it. */
export interface UniqueRule {
  readonly fields: readonly string[];
  /** Name of the constraint in the database. */
  readonly constraint: string;
  readonly body: (values: Values) => ErrorBody;
}

/** The object an action was called on; of a collection it is empty. */
export interface ActionTarget {
  readonly row: Row;
  /** The id on the wire. */
  readonly id: string;
  readonly prn: string;
  /** Parts of the path: `parent` of a nested resource. */
  readonly params: Readonly<Record<string, string>>;
}

/** An operation beside list, read, create, update and delete. */
export interface Action {
  /** Name in access policies and operationId: `sync`. */
  readonly name: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Of one object (`<href>sync/`) or of the collection. */
  readonly detail: boolean;
  /** Path below the object or collection; default `<name>/`. '' for the object itself. */
  readonly path?: string;
  /** Request body: component and fields; its fields are checked before `run`. */
  readonly input?: {
    readonly component: string;
    readonly fields: Readonly<Record<string, Field>>;
    readonly partial?: boolean;
    readonly ignoreUnknown?: boolean;
  };
  /** Digests computed of a file in the body; default all that artifacts have. */
  readonly fileDigests?: readonly DigestName[];
  /** Media types of the body in the document; default JSON and both forms. */
  readonly media?: readonly string[];
  /** Answers by status: component name, or null for none. */
  readonly output: Readonly<
    Record<string, { readonly component: string; readonly fields?: Readonly<Record<string, Field>> } | null>
  >;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly object[];
  /** operationId where it is not `<resource>_<name>`. */
  readonly operationId?: string;
  /** Tag where it is not that of the resource. */
  readonly tag?: string;
  readonly run: (request: RequestContext, target: ActionTarget, input: Values) => Promise<Answer>;
}

/** The general operations of a resource, and how the writing ones run. */
export interface Operations {
  readonly list?: boolean;
  readonly read?: boolean;
  readonly create?: Mode;
  readonly update?: Mode;
  readonly delete?: Mode;
}

/** How clients name a resource; for a declared type all of it follows from the model (names.ts). */
export interface ResourceNames {
  readonly model: Model;
  /** `Repositories: File` */
  readonly tag: string;
  /** Start of operationIds: `repositories_file_file`. */
  readonly operation: string;
  /** `file_file_repository_href` */
  readonly hrefName: string;
  /** hrefName of the resource in whose path this one is nested. */
  readonly parentHref?: string;
  /** Component name without `Response`: `file.FileRepository`. */
  readonly component: string;
  /** `file repository`; plural for summaries is the noun with an s unless given. */
  readonly noun: string;
  readonly plural?: string;
  readonly description: string;
}

/** Which rows and values a resource has, and how they are listed. */
export interface ResourceData {
  readonly table: TableMapping;
  readonly fields: Readonly<Record<string, Field>>;
  /** Fields of the shorter form asked by `minimal=true`. */
  readonly minimalFields?: Readonly<Record<string, Field>>;
  readonly filters: Filters;
  /** Words of `ordering`. */
  readonly ordering: readonly string[];
  /** Common filters that this list does not have. */
  readonly without?: readonly string[];
  /** What is known of a list without counting, such as from the counters of a version; undefined: it must be counted. */
  readonly knownPlace?: (request: RequestContext, offset: number) => Promise<ListPlace | undefined>;
  readonly unique?: readonly UniqueRule[];
}

/** What can be done with its objects, and by whom. */
export interface ResourceUse {
  readonly operations: Operations;
  readonly actions: readonly Action[];
  /** Rows have labels: with actions that set them, or `shown` where these are those of another resource. */
  readonly hasLabels?: boolean | 'shown';
  /** Status that set_label answers (201, or 200 for some). */
  readonly labelStatus?: number;
  readonly hasRoles?: boolean;
  /** Where access differs from what is usual for its kind. */
  readonly access?: AccessDeclaration;
  /** Lists and details need no login. */
  readonly open?: boolean;
}

/** What happens beside writing the row: checks before, rows of other tables after. Throws ValidationError where a request is refused. */
export interface ResourceHooks {
  /** Throws for a row that nobody may change or delete, before the body is looked at. */
  readonly guard?: (row: Row) => void;
  /** Cross-field checks; gets stored values on update; may return changed values. */
  readonly validate?: (values: Values, request: RequestContext, existing: Row | undefined) => Promise<Values> | Values;
  /** Lock names of a write task: defaults to the object itself, exclusively. */
  readonly locks?: (
    values: Values,
    request: RequestContext,
    existing: Row | undefined,
  ) => { exclusive: (string | null)[]; shared?: (string | null)[] };
  /** Rows of other tables written with a created or updated one. */
  readonly afterSave?: (
    tx: Transaction,
    id: string,
    values: Values,
    services: Services,
    created: boolean,
  ) => Promise<void>;
  /** Rows of other tables removed before the row itself. */
  readonly beforeDelete?: (tx: Transaction, row: Row, services: Services) => Promise<void>;
  /** What goes with a row once its deletion is committed, such as files; only the task that deletes knows when that is. */
  readonly afterDelete?: (row: Row, services: Services) => Promise<void>;
}

/** What stands in for the general create and delete. */
export interface ResourceInstead {
  /** Task-made resources: dispatches the task that creates one. */
  readonly createTask?: (values: Values, request: RequestContext) => Promise<Answer>;
  /** Replaces the generic create in the request. */
  readonly createNow?: (
    values: Values,
    request: RequestContext,
    params: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  /** Replaces the generic delete: checks and dispatches a task of its own. */
  readonly deleteTask?: (row: Row, request: RequestContext) => Promise<Answer>;
  /** Fields that a create takes instead of `fields`, where the document tells less. */
  readonly hiddenInput?: Readonly<Record<string, Field>>;
}

/** What only the document of the API tells. */
export interface ResourceDocument {
  /** Fields that only detail answers have, and the component name of those. */
  readonly detailFields?: Readonly<Record<string, Field>>;
  readonly detailComponent?: string;
  /** Body media types of create (forms only where a file can be sent). */
  readonly createMedia?: readonly string[];
}

/**
 * A resource of the REST API, declared once: table mapping, validation, filters, routes, OpenAPI document and permissions are derived
 * from it.
 */
export interface Resource
  extends ResourceNames,
    ResourceData,
    ResourceUse,
    ResourceHooks,
    ResourceInstead,
    ResourceDocument {}
