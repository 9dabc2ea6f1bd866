/** Finds the objects that hrefs and PRNs name, many at a time, and only those that the caller may see. */
import { sql } from '../../db/sql.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import type { ReferenceTarget } from '../../plugin-api/declare/field.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import type { Reference } from '../../plugin-api/declare/reference.ts';
import { fits, type HrefReader, type Named } from '../engine/hrefs.ts';
import { Refused } from '../engine/validate-value.ts';

type Seen = Pick<RequestContext, 'db' | 'domain' | 'visible'>;

/** In the order of the names; undefined for what is not there for the caller. One query for each model. */
export async function namedObjects(
  request: Seen,
  hrefs: HrefReader,
  target: ReferenceTarget,
  names: readonly string[],
): Promise<(Reference | undefined)[]> {
  const all = names.map((name) => read(hrefs, target, name));
  const byModel = Map.groupBy(
    all.filter((named) => named !== undefined),
    ({ model }) => model,
  );
  const found = new Map<string, Reference>();
  for (const [model, group] of byModel)
    for (const row of await rowsOf(request, model, group)) found.set(keyOfRow(model, row), objectOf(model, row));
  return all.map((named) => named && found.get(keyOf(named)));
}

function read(hrefs: HrefReader, target: ReferenceTarget, name: string): Named | undefined {
  try {
    const named = hrefs.read(name);
    return fits(named.model, target) ? named : undefined;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** Versions are named by number in hrefs, by id in PRNs. */
const keyOf = ({ model, id, number }: Named) => `${model.path} ${id.toLowerCase()} ${number ?? ''}`;

function keyOfRow(model: Model, row: Record<string, unknown>): string {
  return `${model.path} ${row._key} ${row._number ?? ''}`;
}

function objectOf(model: Model, { _key, _number, ...row }: Record<string, unknown>): Reference {
  const id = String(row[model.key ?? 'pulp_id']);
  return { id, row, prn: `prn:${model.prnApp ?? model.app}.${model.name.toLowerCase()}:${id}` };
}

async function rowsOf(request: Seen, model: Model, group: readonly Named[]): Promise<Record<string, unknown>[]> {
  const { db, domain } = request;
  if (model.table === 'repository_version') return await versionRows(request, group);
  const conditions = [sql`true`];
  if (model.pulpType) conditions.push(sql`t.pulp_type = ${model.pulpType}`);
  if (model.inDomain !== false) conditions.push(sql`t.domain_id = ${domain.id}`);
  const seen = request.visible?.(model.table, 't');
  if (seen) conditions.push(seen);
  const key = sql.ident(model.key ?? 'pulp_id');
  return await db.rows(sql`select t.*, t.${key}::text as _key from ${sql.ident(model.table)} t
    where t.${key}::text = any(${group.map(({ id }) => id.toLowerCase())}::text[]) and ${sql.join(conditions, ' and ')}`);
}

async function versionRows({ db, domain, visible }: Seen, group: readonly Named[]): Promise<Record<string, unknown>[]> {
  const seen = visible?.('repository', 'r') ?? sql`true`;
  return await db.rows(sql`select t.*, r.pulp_type as repository_type, r.pulp_id as repository_pulp_id, r.domain_id,
      n.id::text as _key, n.number as _number
    from unnest(${group.map(({ id }) => id)}::uuid[], ${group.map(({ number }) => number ?? null)}::integer[]) as n(id, number)
    join repository_version t on case when n.number is null then t.pulp_id = n.id
      else t.number = n.number and t.repository_id = (select id from repository where pulp_id = n.id) end
    join repository r on r.id = t.repository_id
    where t.complete and r.domain_id = ${domain.id} and ${seen}`);
}
