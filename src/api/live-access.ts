/** Access control of live protocols by the policies of their views. */

import { decide } from '../access/decide.ts';
import { type Grants, loadGrants } from '../access/grants.ts';
import { unauthorized } from '../access/identities/authenticate.ts';
import type { PolicyStore } from '../access/policies.ts';
import { sql } from '../db/sql.ts';
import { HttpError } from '../lib/errors.ts';
import type { Services, User } from '../plugin-api/contracts/context.ts';
import type { ServedDistribution } from '../plugin-api/contracts/serve.ts';
import type { Statement } from '../plugin-api/declare/access.ts';
import { labelOf } from '../plugin-api/declare/model.ts';
import type { AuthorizeLive } from './live-handler.ts';

/** Conditions know one question: `index_has_repo_perm:<permission>`, asked of the repository behind the distribution. */
const REPOSITORY_CONDITION = 'index_has_repo_perm:';

export function liveAccess(services: Services, policies: PolicyStore): AuthorizeLive {
  const open = new AnonymousDecisions();
  return async (request, user, { policy, action, distribution }) => {
    const grants = user && !user.isSuperuser ? await grantsOf(services, user, distribution) : undefined;
    const { statements } = await policies.get(policy, grants?.generation);
    if (!user && open.allow(statements, action, request.method)) return;
    const allowed = await decide(statements, {
      user,
      groups: grants?.groups ?? [],
      action,
      method: request.method,
      evaluate: async (condition) => user !== null && holds(user, grants, condition),
    });
    if (allowed === true && !user) open.note(statements, action, request.method);
    if (allowed === true) return;
    if (!user) throw unauthorized(request.headers, 'Authentication credentials were not provided.');
    throw new HttpError(403, 'You do not have permission to perform this action.');
  };
}

/** What statements let nobody in particular do: no condition holds for them, so that it follows from the statements alone. */
class AnonymousDecisions {
  readonly #allowed = new WeakMap<readonly Statement[], Set<string>>();

  allow(statements: readonly Statement[], action: string, method: string): boolean {
    return this.#allowed.get(statements)?.has(`${method} ${action}`) === true;
  }

  note(statements: readonly Statement[], action: string, method: string): void {
    const known = this.#allowed.get(statements) ?? new Set();
    this.#allowed.set(statements, known.add(`${method} ${action}`));
  }
}

function holds(user: User, grants: Grants | undefined, condition: string): boolean {
  if (!condition.startsWith(REPOSITORY_CONDITION)) return false;
  if (user.isSuperuser) return true;
  const permission = condition.slice(REPOSITORY_CONDITION.length);
  return (
    grants !== undefined && [grants.everywhere, grants.inDomain, grants.onObject].some((set) => set.has(permission))
  );
}

/** With the rights on the repository that the distribution names, itself or by a version. */
async function grantsOf({ db, models }: Services, user: User, { row, domain }: ServedDistribution): Promise<Grants> {
  const repository = await db.row<{ pulp_id: string; pulp_type: string }>(sql`select pulp_id, pulp_type from repository
    where pulp_id = ${row.repository_id} or id = (select repository_id from repository_version where pulp_id = ${row.repository_version_id})
    limit 1`);
  const model = repository && models.byType('repository', repository.pulp_type);
  return await loadGrants(db, user, domain.id, model && { label: labelOf(model), id: repository!.pulp_id });
}
