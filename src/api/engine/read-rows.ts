/** Reads rows of a resource: one by its id, a page of a list with its count. */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import type { ListPlace } from '../../model/content/content-count.ts';
import type { Domain, RequestContext } from '../../plugin-api/contracts/context.ts';
import type { Row } from '../../plugin-api/declare/field.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';

/** The columns every read selects: the table's own and those that fields compute in SQL. */
function selectList(resource: Resource): Sql {
  const extra: Sql[] = [...(resource.table.columns ?? [])];
  for (const [name, field] of Object.entries(resource.fields)) {
    if (field.select) extra.push(sql`${field.select} as ${sql.ident(name)}`);
    else if (
      field.kind === 'reference' &&
      typeof field.target === 'string' &&
      !field.target.includes('.') &&
      field.column !== false &&
      !field.read &&
      !field.load
    ) {
      const column = sql.raw(typeof field.column === 'string' ? field.column : name);
      extra.push(
        sql`(select pulp_type from ${sql.ident(field.target)} m where m.pulp_id = t.${column}) as ${sql.ident(`${name}_type`)}`,
      );
    }
  }
  return extra.length > 0 ? sql`t.*, ${sql.join(extra)}` : sql.raw('t.*');
}

const selectLists = new WeakMap<Resource, Sql>();
function selectListOf(resource: Resource): Sql {
  const known = selectLists.get(resource);
  if (known) return known;
  const list = selectList(resource);
  selectLists.set(resource, list);
  return list;
}

/** Conditions that hold for all reads: the type's rows, the domain's rows. */
export function baseConditions(resource: Resource, domain: Domain): Sql[] {
  const { table } = resource;
  const conditions: Sql[] = [];
  if (table.where) conditions.push(table.where);
  if (table.inDomain) conditions.push(sql`t.domain_id = ${domain.id}`);
  return conditions;
}

/** The row of an id, if it is visible in the domain and under further conditions. */
export async function readRow(
  db: Queryable,
  resource: Resource,
  domain: Domain,
  id: string,
  more: readonly Sql[] = [],
): Promise<Row | undefined> {
  const conditions = [sql`t.${sql.raw(resource.table.key)} = ${id}`, ...baseConditions(resource, domain), ...more];
  return await db.row<Row>(
    sql`select ${selectListOf(resource)} from ${resource.table.from} where ${sql.and(conditions)}`,
  );
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** `limit` and `offset` of a query: what is no positive number is ignored (core.md §1.3). */
export function pageOf(query: URLSearchParams): Page {
  const whole = (key: string) => (/^\d{1,15}$/.test(query.get(key) ?? '') ? Number(query.get(key)) : 0);
  return { limit: whole('limit') || 100, offset: whole('offset') };
}

/** A page of rows and the count of all. */
export async function readPage(
  request: RequestContext,
  resource: Resource,
  conditions: readonly Sql[],
  page: Page,
  place?: ListPlace,
): Promise<{ rows: Row[]; count: number }> {
  const { db, domain } = request;
  const base = [...baseConditions(resource, domain), ...conditions];
  const start = place?.start;
  const where = sql.and(start ? [...base, start.condition] : base);
  const order = orderOf(resource, request.query);
  const rows = await db.rows<Row>(
    pageQuery(resource, where, order, { ...page, offset: page.offset - (start?.skipped ?? 0) }),
  );
  if (place) return { rows, count: place.count };
  if (rows.length > 0 && rows.length < page.limit) return { rows, count: page.offset + rows.length };
  if (rows.length === 0 && page.offset === 0) return { rows, count: 0 };
  const counted = await db.row<{ n: number }>(
    sql`select count(*)::int8 as n from ${narrowFrom(resource, where)} where ${where}`,
  );
  return { rows, count: Number(counted?.n ?? 0) };
}

/** Rows before the offset are only passed over: what the fields compute is computed for the rows of the page. */
function pageQuery(resource: Resource, where: Sql, order: Sql, page: Page): Sql {
  const { from, key } = resource.table;
  const list = selectListOf(resource);
  const bounds = sql`order by ${order} limit ${page.limit} offset ${page.offset}`;
  if (page.offset === 0) return sql`select ${list} from ${from} where ${where} ${bounds}`;
  const column = sql.raw(`t.${key === 'number' ? 'pulp_id' : key}`);
  const narrow = narrowFrom(resource, sql`${where} ${order}`);
  return sql`select ${list} from ${from}
    where ${column} = any(array(select ${column} from ${narrow} where ${where} ${bounds})) order by ${order}`;
}

/** Without the joined detail table where neither condition nor order names it. */
function narrowFrom(resource: Resource, used: Sql): Sql {
  const { from, narrow } = resource.table;
  return narrow && !/\bd\./.test(used.text) ? narrow : from;
}

/** `ordering` of a query; newest first is appended always and is the default. */
export function orderOf(resource: Resource, query: URLSearchParams): Sql {
  const words = (query.get('ordering') ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  const parts = words.map((word) => {
    const name = word.replace(/^-/, '');
    if (!resource.ordering.includes(name)) {
      throw ValidationError.field('ordering', `Select a valid choice. ${word} is not one of the available choices.`);
    }
    const column =
      resource.table.order?.[name] ??
      (name === 'pk' || name === 'pulp_id' ? sql.raw(`t.${resource.table.key}`) : sql`t.${sql.ident(name)}`);
    return sql`${column} ${sql.raw(word.startsWith('-') ? 'desc' : 'asc')}`;
  });
  return sql.join([...parts, sql`${resource.table.newest} desc`]);
}
