/** Evaluates the conditions of statements for one request (core.md §7.3). */
import { ValidationError } from '../lib/errors.ts';
import type { RequestContext } from '../plugin-api/contracts/context.ts';
import type { Condition, ConditionContext, ConditionSubject } from '../plugin-api/declare/access.ts';
import { labelOf, type Model } from '../plugin-api/declare/model.ts';
import type { AccessCatalogue } from './catalogue.ts';
import type { Answer } from './condition-expression.ts';
import { type Grants, heldOnObject, type ObjectKey, objectKey } from './grants.ts';
import { bodyFields, type NameReader, objectsInBody, repositoryOfObject } from './named-objects.ts';

/** What conditions look things up in. */
export interface ConditionTools {
  readonly catalogue: AccessCatalogue;
  readonly read: NameReader;
  /** Conditions of package types. */
  readonly more: Readonly<Record<string, Condition>>;
}

/** The request as conditions see it. */
interface AskedAction {
  readonly request: RequestContext;
  /** Of the object or the view; absent where a live protocol asks about no object. */
  readonly model?: Model | undefined;
  readonly action: string;
  readonly detail: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly subject?: ConditionSubject;
}

const PERMS =
  /^has_(?:(?<source>remote_param|repo_or_repo_ver_param|publication_param|upload_param|repository|group|repo_attr)_)?(?<places>(?:model|domain|obj)(?:_or_(?:model|domain|obj))*)_perms$/;

export class Conditions implements ConditionContext {
  readonly #tools: ConditionTools;
  readonly #asked: AskedAction;
  readonly #grants: Grants;
  body: Readonly<Record<string, unknown>> | undefined;
  /** Rights on the own object were asked for and not found: whether it can be seen decides between 403 and 404. */
  objectRefused = false;
  /** Rights on the parent in the path were asked for and not found. */
  parentRefused = false;

  constructor(tools: ConditionTools, asked: AskedAction, grants: Grants) {
    this.#tools = tools;
    this.#asked = asked;
    this.#grants = grants;
  }

  get request(): RequestContext {
    return this.#asked.request;
  }
  get action(): string {
    return this.#asked.action;
  }
  get params(): Readonly<Record<string, string>> {
    return this.#asked.params;
  }
  get subject(): ConditionSubject | undefined {
    return this.#asked.subject;
  }

  holds(permission: string): boolean {
    return this.#superuser || this.#grants.everywhere.has(permission) || this.#grants.inDomain.has(permission);
  }

  async holdsOn(permission: string, label: string, id: string): Promise<boolean> {
    return (
      this.holds(permission) ||
      (await heldOnObject(this.request.db, this.request.user, this.#grants, [permission], { label, id: objectKey(id) }))
    );
  }

  async evaluate(text: string): Promise<Answer> {
    const colon = text.indexOf(':');
    const [name, argument] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
    const own = this.#tools.more[name];
    if (own) return await own(this, argument);
    // of this server's own: not by a token for certain permissions
    if (name === 'has_whole_account') return this.request.user?.limit === undefined;
    if (this.#superuser) return true;
    if (name === 'has_required_repo_perms_on_upload') return await this.#onUpload(argument);
    const parts = PERMS.exec(name)?.groups;
    // a condition nobody knows is never fulfilled: a mistake in a policy opens nothing
    if (!parts) return false;
    return await this.#permissions(parts.source ?? '', new Set(parts.places!.split('_or_')), argument.split(','));
  }

  get #superuser(): boolean {
    return this.request.user?.isSuperuser ?? false;
  }

  async #permissions(source: string, places: ReadonlySet<string>, permissions: readonly string[]): Promise<Answer> {
    const fields = bodyFields(source);
    if (fields) return await this.#inBody(fields, places, permissions);
    if (this.#heldWidely(places, permissions)) return true;
    if (!places.has('obj')) return false;
    if (source === 'repository' || source === 'group') return await this.#onParent(permissions);
    if (source === 'repo_attr') return await this.#onRepositoryOf(permissions);
    if (!this.#asked.detail) return false;
    this.objectRefused = !permissions.some((one) => this.#grants.onObject.has(one));
    return !this.objectRefused;
  }

  #heldWidely(places: ReadonlySet<string>, permissions: readonly string[]): boolean {
    const { everywhere, inDomain } = this.#grants;
    return permissions.some(
      (one) => (places.has('model') && everywhere.has(one)) || (places.has('domain') && inDomain.has(one)),
    );
  }

  /** Objects the body names; naming none needs no rights. */
  async #inBody(
    fields: readonly string[],
    places: ReadonlySet<string>,
    permissions: readonly string[],
  ): Promise<Answer> {
    if (this.body === undefined) return 'body';
    const objects = await objectsInBody(
      this.request.db,
      this.request.services.models,
      this.#tools.read,
      this.body,
      fields,
    );
    for (const object of objects) if (!(await this.#heldOn(object, places, permissions))) return false;
    return true;
  }

  /** Permissions are those of the object's own model: the right to view one kind says nothing about another. */
  async #heldOn(object: ObjectKey, places: ReadonlySet<string>, permissions: readonly string[]): Promise<boolean> {
    const fitting = permissions.map((one) => this.#forModel(one, object.label));
    if (this.#heldWidely(places, fitting)) return true;
    return places.has('obj') && (await heldOnObject(this.request.db, this.request.user, this.#grants, fitting, object));
  }

  /** `file.view_fileremote` asked of another model's object means that model's permission. */
  #forModel(permission: string, label: string): string {
    const known = this.#tools.catalogue.modelOf(permission);
    if (known === undefined || known === label) return permission;
    const [app, model] = label.split('.');
    const ownName = known.split('.')[1]!;
    const codename = permission.slice(permission.indexOf('.') + 1);
    return codename.endsWith(ownName) ? `${app}.${codename.slice(0, -ownName.length)}${model}` : permission;
  }

  async #onParent(permissions: readonly string[]): Promise<boolean> {
    const { model, params, request } = this.#asked;
    const parent = model && request.services.models.byPath(model.path.split('/*/')[0]!);
    if (!parent || !params.parent || !/^(\d{1,9}|[0-9a-f-]{32,36})$/i.test(params.parent)) return false;
    const held = await heldOnObject(request.db, request.user, this.#grants, permissions, {
      label: labelOf(parent),
      id: objectKey(params.parent),
    });
    this.parentRefused ||= !held;
    return held;
  }

  async #onRepositoryOf(permissions: readonly string[]): Promise<boolean> {
    const { model, params, request, subject } = this.#asked;
    const repository = subject
      ? await subject.repository()
      : model && (await repositoryOfObject(request.db, request.services.models, model, params.pk ?? ''));
    return (
      repository !== undefined && (await heldOnObject(request.db, request.user, this.#grants, permissions, repository))
    );
  }

  /** Users who are no superusers upload into a repository, and need the permission on it. */
  async #onUpload(permission: string): Promise<Answer> {
    if (this.body === undefined) return 'body';
    const { repository, pulp_labels: labels } = this.body;
    if (repository === undefined || repository === null || repository === '') {
      throw new ValidationError(['Destination upload repository was not provided.']);
    }
    if (this.action === 'create' && labelsGiven(labels) && !this.holds('core.manage_content_labels')) {
      throw new ValidationError([
        'pulp_labels cannot be specified by users who do not have the core.manage_labels permission.',
      ]);
    }
    return await this.#inBody(['repository'], new Set(['model', 'domain', 'obj']), [permission]);
  }
}

/** As sent: an object, or its text in a form. */
function labelsGiven(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '' && value.trim() !== '{}';
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
