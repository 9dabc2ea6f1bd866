/** Access control of live protocols by the policies of their views. */
import { unauthorized } from '../access/authenticate.ts';
import { decide } from '../access/decide.ts';
import { type Grants, loadGrants } from '../access/grants.ts';
import type { PolicyStore } from '../access/policies.ts';
import { sql } from '../db/sql.ts';
import { HttpError } from '../lib/errors.ts';
import type { Services, User } from '../plugin-api/context.ts';
import { labelOf } from '../plugin-api/model.ts';
import type { ServedDistribution } from '../plugin-api/plugin.ts';
import type { AuthorizeLive } from './live-handler.ts';

/** Conditions know one question: `index_has_repo_perm:<permission>`, asked of the repository behind the distribution. */
const REPOSITORY_CONDITION = 'index_has_repo_perm:';

export function liveAccess(services: Services, policies: PolicyStore): AuthorizeLive {
  return async (request, user, { policy, action, distribution }) => {
    const grants = user && !user.isSuperuser ? await grantsOf(services, user, distribution) : undefined;
    const { statements } = await policies.get(policy, grants?.generation);
    const allowed = await decide(statements, {
      user,
      groups: grants?.groups ?? [],
      action,
      method: request.method,
      evaluate: async (condition) => user !== null && holds(user, grants, condition),
    });
    if (allowed === true) return;
    if (!user) throw unauthorized(request.headers, 'Authentication credentials were not provided.');
    throw new HttpError(403, 'You do not have permission to perform this action.');
  };
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
