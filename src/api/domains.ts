/** The domain named in a path, from a small cache: domains are few and rarely change. */
import { sql } from '../db/sql.ts';
import type { Domain, Services } from '../plugin-api/context.ts';

/** Milliseconds for which a domain is not looked up again. */
const MAX_AGE = 1000;
const cached = new WeakMap<object, Map<string, { domain: Domain; until: number }>>();

export async function findDomain(services: Services, name: string): Promise<Domain | undefined> {
  let known = cached.get(services.db);
  if (!known) cached.set(services.db, (known = new Map()));
  const entry = known.get(name);
  if (entry && entry.until > Date.now()) return entry.domain;
  const domain = await services.db.row<Domain>(
    sql`select id, pulp_id as "pulpId", name from domain where name = ${name}`,
  );
  if (domain) known.set(name, { domain, until: Date.now() + MAX_AGE });
  else known.delete(name);
  return domain;
}
