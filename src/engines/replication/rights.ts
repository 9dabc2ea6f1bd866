/** Whether the user behind a run may do what its plan does to objects that this upstream has not brought. */
import { type Grants, heldOnObject, loadGrants } from '../../access/grants.ts';
import { userOfTask } from '../../access/task-user.ts';
import type { User } from '../../plugin-api/contracts/context.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import { labelOf } from '../../plugin-api/declare/model.ts';
import { type LocalState, OWNER_LABEL, type Plan, type PlanItem } from './plan/plan-types.ts';
import { replicationFailed } from './run/report.ts';

/**
 * What an upstream has brought belongs to it: the right to replicate covers that. Taking over or deleting anything else
 * needs the right to change or delete that object, of the account and of the token where one was used. Throws PLP0018
 * with all that are missing.
 */
export async function requireRights(
  context: TaskContext,
  upstreamId: string,
  { plan, local }: { readonly plan: Plan; readonly local: LocalState },
): Promise<void> {
  const strange = plan.items.filter((item) => isStrange(item, local, upstreamId));
  if (strange.length === 0 || context.task.userId === null) return;
  const user = await userOfTask(context);
  if (user?.isSuperuser) return;
  const grants = await loadGrants(context.db, user, context.domain.id);
  const missing: string[] = [];
  for (const item of strange) {
    const permission = permissionFor(context, item);
    if (!user || !(await holds(context, user, grants, permission, item))) {
      missing.push(`${item.act} of ${item.type} ${item.object} '${item.name}' needs ${permission.name}`);
    }
  }
  if (missing.length === 0) return;
  const message = `the user who started it may not do this:\n${missing.map((one) => `  ${one}`).join('\n')}`;
  throw replicationFailed(message, { missing });
}

function isStrange(item: PlanItem, local: LocalState, upstreamId: string): boolean {
  if (item.act !== 'takeover' && item.act !== 'delete') return false;
  const all = { distribution: local.distributions, repository: local.repositories, remote: local.remotes }[item.object];
  return all.find(({ id }) => id === item.id)?.labels[OWNER_LABEL] !== upstreamId;
}

interface Permission {
  readonly name: string;
  /** Label of the object's model. */
  readonly label: string;
}

function permissionFor({ models }: TaskContext, item: PlanItem): Permission {
  const model = models.byType(item.object, item.type);
  if (!model) throw new Error(`there is no ${item.object} of type ${item.type}`);
  const word = item.act === 'delete' ? 'delete' : 'change';
  return { name: `${model.app}.${word}_${model.name.toLowerCase()}`, label: labelOf(model) };
}

async function holds(
  { db }: TaskContext,
  user: User,
  grants: Grants,
  { name, label }: Permission,
  item: PlanItem,
): Promise<boolean> {
  if (grants.everywhere.has(name) || grants.inDomain.has(name)) return true;
  return await heldOnObject(db, user, grants, [name], { label, id: item.id! });
}
