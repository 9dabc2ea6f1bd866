/** Operations of the REST API that belong to no resource of the type, such as a copy between repositories: `rpm/copy/`. */
import type { ExtraOperation } from '../declare/extra-operation.ts';
import type { ReferenceTarget, Values } from '../declare/field.ts';
import type { Reference } from '../declare/reference.ts';
import type { Answer, OwnTaskRequest, RequestContext } from './context.ts';

/** An allowed request to an endpoint. `visible` hides what the caller may not see; it is undefined for those who see everything. */
export interface EndpointRequest extends RequestContext {
  /** Values of the names in braces of the path. */
  readonly params: Readonly<Record<string, string>>;
  /** Starts a task and answers 202 with it. */
  accepted(task: OwnTaskRequest): Promise<Answer>;
  /**
   * The objects that hrefs or PRNs name, in their order, in one query for each kind of object: for names that stand deeper in the body
   * than fields do. Undefined for what is not there, is of another kind or domain, or may not be seen by the caller. `target` is a table
   * (`repository`, `repository_version`, `content`) or the label of a model (`rpm.rpmrepository`), or several.
   */
  named(target: ReferenceTarget, names: readonly string[]): Promise<readonly (Reference | undefined)[]>;
}

/** The rights that an endpoint asks for: 401 for who has not logged in, 403 for who lacks them. */
export interface EndpointPolicy {
  /** Name of the view in access policies: `rpm/copy`. Endpoints may share a view under several actions. */
  readonly view: string;
  readonly action: string;
  /** In short form (see declare/access.ts); of endpoints with one view those of the first count. */
  readonly statements: readonly string[];
}

/**
 * An operation with its rights and its answer. The path is below the API prefix, in every domain; what has its place at the root of the
 * server is a live protocol (contracts/live.ts).
 */
export interface PluginEndpoint extends Omit<ExtraOperation, 'component' | 'open' | 'withoutDomain'> {
  readonly policy: EndpointPolicy;
  /**
   * `values` are the fields of `input`, checked; references in them are `Reference`s that the caller may see. Throws HttpError and
   * ValidationError.
   */
  run(request: EndpointRequest, values: Values): Promise<Answer>;
}
