/** Roles that come with the making of an object, given in the same transaction (core.md §7.3). */
import type { Settings } from '../config/settings.ts';
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { labelOf, type Model } from '../plugin-api/declare/model.ts';
import { viewOf } from './catalogue.ts';
import { objectKey } from './grants.ts';
import { policyOfSetting } from './policies.ts';

/** One statement; nothing for views without hooks. */
export async function runCreationHooks(
  tx: Queryable,
  settings: Pick<Settings, 'accessPolicies'>,
  model: Model,
  id: string,
  userId: number | null,
): Promise<void> {
  const view = viewOf(model);
  const set = settings.accessPolicies[view];
  const hooks = set
    ? sql`${JSON.stringify(policyOfSetting(set).creation_hooks)}::jsonb`
    : sql`(select creation_hooks from access_policy where viewset_name = ${view})`;
  await tx.run(
    sql`select grant_creation_roles(${hooks}, ${userId}::integer, ${labelOf(model)}, ${objectKey(id)}::uuid)`,
  );
}
