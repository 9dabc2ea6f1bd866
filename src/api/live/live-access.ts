/** Access control of live protocols by the policies of their views. */
import { Conditions, type ConditionTools } from '../../access/conditions.ts';
import { decide } from '../../access/decide.ts';
import { type Grants, loadGrants, NOBODY, type ObjectKey } from '../../access/grants.ts';
import type { PolicyStore } from '../../access/policies.ts';
import { sql } from '../../db/sql.ts';
import type { Services, User } from '../../plugin-api/contracts/context.ts';
import type { LiveRequest, LiveSubject } from '../../plugin-api/contracts/live.ts';
import type { Statement } from '../../plugin-api/declare/access.ts';
import { labelOf, type Model } from '../../plugin-api/declare/model.ts';

/** A question to a policy. */
interface LiveQuestion {
  readonly policy: string;
  readonly action: string;
  readonly subject: LiveSubject;
  readonly request: Pick<LiveRequest, 'method' | 'context'>;
}

/** Whether a user, or nobody, may do something by a policy. */
export type AuthorizeLive = (user: User | null, question: LiveQuestion) => Promise<boolean>;

export function liveAccess(services: Services, policies: PolicyStore, tools: ConditionTools): AuthorizeLive {
  const open = new AnonymousDecisions();
  return async (user, question) => {
    const { action, policy, subject } = question;
    const { method } = question.request;
    const object = user ? objectOf(services, subject) : undefined;
    const grants =
      user && !user.isSuperuser ? await loadGrants(services.db, user, subject.domain.id, object) : undefined;
    const { statements } = await policies.get(policy, grants?.generation);
    if (!user && open.allow(statements, action, method)) return true;
    let conditions: Promise<Conditions> | undefined;
    const allowed = await decide(statements, {
      user,
      groups: grants?.groups ?? [],
      action,
      method,
      evaluate: async (condition) => {
        conditions ??= conditionsOf(services, tools, question, grants);
        return await (await conditions).evaluate(condition);
      },
    });
    if (allowed === true && !user && !conditions) open.note(statements, action, method);
    return allowed === true;
  };
}

async function conditionsOf(
  services: Services,
  tools: ConditionTools,
  { action, subject, request }: LiveQuestion,
  grants: Grants = NOBODY,
): Promise<Conditions> {
  const object = objectOf(services, subject);
  const params: Record<string, string> = object ? { pk: object.id } : {};
  const asked = {
    request: await request.context(subject.domain),
    model: object?.model,
    action,
    detail: object !== undefined,
    params,
    subject: conditionSubject(services, subject),
  };
  return new Conditions(tools, asked, grants);
}

/** What statements let nobody in particular do without a condition, so that it follows from the statements alone. */
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

const isDistribution = (subject: LiveSubject) => 'basePath' in subject;

/** What rights on the own object are asked of. */
function objectOf({ models }: Services, subject: LiveSubject): (ObjectKey & { readonly model: Model }) | undefined {
  const [kind, row] = isDistribution(subject)
    ? (['distribution', subject] as const)
    : (['repository', subject.repository] as const);
  const model = row && models.byType(kind, row.pulpType);
  return model && { model, label: labelOf(model), id: row.pulpId };
}

function conditionSubject(services: Services, subject: LiveSubject) {
  let found: Promise<ObjectKey | undefined> | undefined;
  return {
    ...(isDistribution(subject) && { distribution: subject }),
    repository: () => (found ??= repositoryOf(services, subject)),
  };
}

/** The repository itself, or the one that the distribution names, directly or by a version. */
async function repositoryOf({ db, models }: Services, subject: LiveSubject): Promise<ObjectKey | undefined> {
  const row = isDistribution(subject)
    ? await db.row<{
        pulpId: string;
        pulpType: string;
      }>(sql`select pulp_id as "pulpId", pulp_type as "pulpType" from repository
        where pulp_id = ${subject.row.repository_id}
          or id = (select repository_id from repository_version where pulp_id = ${subject.row.repository_version_id})
        limit 1`)
    : subject.repository;
  const model = row && models.byType('repository', row.pulpType);
  return model && { label: labelOf(model), id: row.pulpId };
}
