/** Access control by policies: what a caller may do with a view, and which of its rows the caller sees (core.md §7.3). */

import type { Policy } from '../access/catalogue.ts';
import { viewOf } from '../access/catalogue.ts';
import type { Answer } from '../access/condition-expression.ts';
import { Conditions, type ConditionTools } from '../access/conditions.ts';
import { decide } from '../access/decide.ts';
import { type Grants, loadGrants, type ObjectKey, objectKey } from '../access/grants.ts';
import { unauthorized } from '../access/identities/authenticate.ts';
import { nameable } from '../access/nameable.ts';
import type { PolicyStore } from '../access/policies.ts';
import { visibleBeside, visibleRows } from '../access/scoping.ts';
import { permissionsOfOwner } from '../access/task-owner.ts';
import type { Sql } from '../db/sql.ts';
import { HttpError } from '../lib/errors.ts';
import type { RequestContext } from '../plugin-api/contracts/context.ts';
import type { Scoping } from '../plugin-api/declare/access.ts';
import { labelOf, type Model } from '../plugin-api/declare/model.ts';
import type { AccessControl, Permit } from './api-handler.ts';
import { requireParent, requireRow } from './engine/operations.ts';
import type { Route } from './engine/routes.ts';
import type { ViewQuestion } from './route-table.ts';

interface PolicyAccessParts {
  readonly policies: PolicyStore;
  readonly tools: ConditionTools;
  readonly scopings?: Readonly<Record<string, Scoping>>;
}

type Params = Readonly<Record<string, string>>;

/** What somebody wants to do: with a view, or where it is of a model with the object that the path names. */
interface Question {
  readonly view: string;
  readonly model?: Model;
  readonly action: string;
  /** It is about one object: `params.pk`. */
  readonly detail: boolean;
  readonly params: Params;
}

/** What the policy says, with the body once it has been read. */
type Decision = (body?: Readonly<Record<string, unknown>>) => Promise<Answer>;

const FORBIDDEN = 'You do not have permission to perform this action.';
const NO_CREDENTIALS = 'Authentication credentials were not provided.';

export class PolicyAccess implements AccessControl {
  readonly #parts: PolicyAccessParts;

  constructor(parts: PolicyAccessParts) {
    this.#parts = parts;
  }

  async authorize(request: RequestContext, route: Route, params: Params): Promise<Permit> {
    const { model } = route.runtime.resource;
    const asked = { view: viewOf(model), model, action: actionOf(route), detail: isDetail(route), params };
    const { policy, grants, conditions, decision } = await this.#open(request, asked);
    const scope = await this.#scope(policy, route, request, grants, conditions);
    const seen: Permit = { ...(scope && { scope }), ...this.#beside(request, grants) };
    return await permit(decision, seen, () => refusal(request, route, params, scope, conditions));
  }

  async authorizeView(request: RequestContext, { view, action }: ViewQuestion, params: Params): Promise<Permit> {
    const { grants, decision } = await this.#open(request, { view, action, detail: false, params });
    return await permit(decision, this.#beside(request, grants), async () =>
      request.user ? new HttpError(403, FORBIDDEN) : unauthorized(request.headers, NO_CREDENTIALS),
    );
  }

  /** Whether the policy of the model's view lets the caller do this with an object; for what is asked outside the REST API. */
  async may(request: RequestContext, model: Model, action: string, id: string): Promise<boolean> {
    const asked = { view: viewOf(model), model, action, detail: true, params: { pk: id } };
    const { decision } = await this.#open(request, asked);
    const answer = await decision();
    return (answer === 'body' ? await decision({}) : answer) === true;
  }

  /** What a request may see and name beside its own object; superusers everything. */
  #beside(request: RequestContext, grants: Grants): Permit {
    if (request.user?.isSuperuser) return {};
    const viewer = { request, grants };
    const byPolicy = async (model: Model, ids: readonly string[]) => {
      const policy = await this.#parts.policies.get(viewOf(model), grants.generation);
      if (policy.queryset_scoping?.function) return false;
      for (const id of ids) if (!(await this.may(request, model, 'retrieve', id))) return false;
      return true;
    };
    return {
      visible: visibleBeside(viewer),
      mayName: async (model, ids) => (await nameable(request.db, viewer, model, ids)) || (await byPolicy(model, ids)),
    };
  }

  /** Everything that the answer to a question is made of. */
  async #open(request: RequestContext, asked: Question) {
    const { view, model, action, detail, params } = asked;
    const held = await grantsOf(request, asked);
    const policy = await this.#parts.policies.get(view, held.generation);
    const grants = await withGroups(held, policy, request);
    const conditions = new Conditions(this.#parts.tools, { request, model, action, detail, params }, grants);
    const decision: Decision = async (body) => {
      if (body) conditions.body = body;
      return await decide(policy.statements, {
        user: request.user,
        groups: grants.groups,
        action,
        method: request.method,
        evaluate: (condition) => conditions.evaluate(condition),
      });
    };
    return { policy, grants, conditions, decision };
  }

  /** Nothing is hidden from superusers, nor where the policy has no scoping. */
  async #scope(
    policy: Policy,
    route: Route,
    request: RequestContext,
    grants: Grants,
    conditions: Conditions,
  ): Promise<Sql | undefined> {
    const { queryset_scoping: scoping } = policy;
    if (request.user?.isSuperuser || !scoping?.function) return undefined;
    const own = this.#parts.scopings?.[scoping.function];
    if (own) return await own(conditions, scoping.parameters);
    return visibleRows(route.runtime.resource, { request, grants });
  }
}

/** Throws what `refuse` answers where the policy says no, at once or about the body. */
async function permit(decision: Decision, seen: Permit, refuse: () => Promise<HttpError>): Promise<Permit> {
  const answer = await decision();
  if (answer === true) return seen;
  if (answer === false) throw await refuse();
  return {
    ...seen,
    checkBody: async (body) => {
      if ((await decision(body)) !== true) throw await refuse();
    },
  };
}

const ALL: Grants = {
  holders: [],
  groups: [],
  everywhere: new Set(),
  inDomain: new Set(),
  onObject: new Set(),
  generation: 0,
};

/** Superusers hold everything without being asked. */
async function grantsOf(request: RequestContext, { model, detail, params: { pk } }: Question): Promise<Grants> {
  if (request.user?.isSuperuser) return { ...ALL, generation: request.user.policies ?? 0 };
  const named = detail && pk !== undefined && /^(\d{1,9}|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})$/i.test(pk);
  const object = named && model ? { label: labelOf(model), id: objectKey(pk) } : undefined;
  const grants = await loadGrants(request.db, request.user, request.domain.id, object);
  return object ? await withOwnership(request, grants, object) : grants;
}

/** Superusers are asked for their groups only where a policy names some. */
async function withGroups(grants: Grants, policy: Policy, request: RequestContext): Promise<Grants> {
  if (!request.user?.isSuperuser) return grants;
  const named = policy.statements.some(({ principal }) =>
    [principal ?? []].flat().some((one) => one.startsWith('group:')),
  );
  return named ? { ...grants, groups: (await loadGrants(request.db, request.user, request.domain.id)).groups } : grants;
}

/** The role of a task's owner has no assignment for who has started it. */
async function withOwnership(request: RequestContext, grants: Grants, object: ObjectKey): Promise<Grants> {
  const owned = await permissionsOfOwner(request.db, object, request.user);
  return owned.length === 0 ? grants : { ...grants, onObject: new Set([...grants.onObject, ...owned]) };
}

function isDetail(route: Route): boolean {
  return route.action ? route.action.detail : route.operation !== 'list' && route.operation !== 'create';
}

const BY_METHOD: Readonly<Record<string, string>> = {
  PATCH: 'partial_update',
  PUT: 'update',
  DELETE: 'destroy',
  GET: 'retrieve',
};

/** Actions on the object's own href are known to policies by what they are to the method. */
function actionOf(route: Route): string {
  const { action } = route;
  return action?.path === '' && action.detail ? (BY_METHOD[route.method] ?? route.act) : route.act;
}

/** Rows that the caller cannot see are not admitted to exist: 404 for these, 403 for others, 401 without a login. */
async function refusal(
  request: RequestContext,
  route: Route,
  params: Params,
  scope: Sql | undefined,
  conditions: Conditions,
): Promise<HttpError> {
  if (!request.user) return unauthorized(request.headers, NO_CREDENTIALS);
  if (conditions.objectRefused) await requireRow(route.runtime, { ...request, scope }, params);
  if (conditions.parentRefused) await requireParent(route.runtime, request, params);
  return new HttpError(403, FORBIDDEN);
}
