/** Looks at each distribution that is to be deleted once more, by itself: a list that leaves something out deletes nothing. */
import { forEachConcurrent } from '../../../lib/flow/map-concurrent.ts';
import type { Replicator } from '../../../plugin-api/contracts/replicate.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { Models } from '../../../plugin-api/declare/model.ts';
import type { LocalState, Plan, PlanItem } from '../plan/plan-types.ts';
import { listPath } from './served.ts';
import type { UpstreamApi } from './upstream-api.ts';

const AT_ONCE = 10;
const hrefOf = (row: Values) => String(row.pulp_href);

interface Doubted {
  readonly plan: Plan;
  readonly local: LocalState;
  readonly idle: readonly { readonly href: string }[];
  readonly q: string | null;
}

/** Throws PLP0014 when upstream has one of them after all. */
export async function confirmGone(
  api: UpstreamApi,
  models: Models,
  replicators: readonly Replicator[],
  doubted: Doubted,
): Promise<void> {
  const { plan, local } = doubted;
  const deletes = plan.items.filter(({ act, object }) => act === 'delete' && object === 'distribution');
  const behind = new Map(local.distributions.map((one) => [one.id, one.behindId]));
  const followed = new Map(
    local.holdings.filter((one) => one.upstreamId === api.upstream.id).map((one) => [one.repositoryId, one.href]),
  );
  const check = async (item: PlanItem) => {
    const href = followed.get(behind.get(item.id!) ?? '');
    const replicator = replicators.find(({ distribution }) => distribution.pulpType === item.type)!;
    const path = listPath(models, replicator, 'distribution');
    return await (href === undefined
      ? confirmByName(api, path, item, doubted)
      : confirmByHref(api, path, item, href, doubted));
  };
  await forEachConcurrent(deletes, AT_ONCE, check);
}

async function confirmByHref(api: UpstreamApi, path: string, item: PlanItem, href: string, { idle, q }: Doubted) {
  if (idle.some((one) => one.href === href)) return;
  const found = await api.object(href, `the ${item.type} distribution '${item.name}'`);
  if (!found || !(await isSelected(api, path, { pulp_href__in: href }, q))) return;
  throw contradicts(api, path, item, found);
}

async function confirmByName(api: UpstreamApi, path: string, item: PlanItem, { idle, q }: Doubted) {
  const rows = await api.list(path, { name: item.name, fields: 'pulp_href,name', ...(q ? { q } : {}) }, hrefOf);
  const found = rows.find((row) => row.name === item.name && !idle.some((one) => one.href === row.pulp_href));
  if (found) throw contradicts(api, path, item, found);
}

/** One that is there may be left out by the filter. Asked for by itself the answer must say so too. */
async function isSelected(
  api: UpstreamApi,
  path: string,
  one: Readonly<Record<string, string>>,
  q: string | null,
): Promise<boolean> {
  if (!q) return true;
  return (await api.list(path, { ...one, q, fields: 'pulp_href' }, hrefOf)).length > 0;
}

function contradicts(api: UpstreamApi, path: string, item: PlanItem, found: Values) {
  return api.failed(
    `the list ${path} leaves out '${item.name}', which is there as ${String(found.pulp_href)}; nothing is deleted`,
  );
}
