/** Reads distributions with what they serve: the publication or version, guard, remote, and a stamp of all these rows. */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { storageStamp } from '../../model/domain.ts';
import { publicationServed, versionServed } from '../../model/repositories/served.ts';
import type { Domain } from '../../plugin-api/contracts/context.ts';
import type { Row } from '../../plugin-api/declare/field.ts';

export interface LoadedDistribution {
  readonly row: Row;
  readonly stamp: string;
  /** The stamp of all rows but the version. */
  readonly frame: string;
  readonly domain: Domain;
  readonly redirects: boolean;
  readonly guard: Row | null;
  readonly publication: { pulp_id: string; pass_through: boolean; created: number } | null;
  readonly version: { id: number; pulp_id: string; number: number; repository_id: number } | null;
  /** distributed_publication already says that this publication is served. */
  readonly noted: boolean;
  /** It has served others. */
  readonly hasFormer: boolean;
  /** Several distributions of the domain are being switched together: what was just read may change any moment. */
  readonly switching: boolean;
}

/**
 * An array whose length the planner does not see. Otherwise it would find a plan for the very values cheaper, and plan this
 * query each time, which takes four times as long as running it.
 */
const hidden = (values: readonly string[]) => sql`(select ${values}::text[])`;

const followed = sql.raw('f.id');

/** Types that do not serve publications themselves serve one of the very version they serve, if there is one. */
const publication = (publishing: readonly string[]) => sql`left join lateral (
    ${publicationServed(
      followed,
      sql`(d.pulp_type = any(${hidden(publishing)}::text[]) or not exists (
        select from repository_version n where n.repository_id = f.id and n.complete and n.number > v.number))`,
    )}
  ) p on not d.checkpoint`;

/** The version behind the publication; of types that do not serve publications the one they serve. */
const version = (publishing: readonly string[]) => sql`left join lateral (
    select v.id, v.pulp_id, v.number, v.repository_id from (
      (select v.* from repository_version v where v.pulp_id = p.repository_version_id)
      union all
      (select v.* from (${versionServed(followed)}) v where d.pulp_type <> all(${hidden(publishing)}::text[]))
    ) v limit 1
  ) v on true`;

/** Every change of a row gives it another xmin; a newer version or publication shows by its id. */
const stamp = sql`concat_ws(' ', d.xmin, m.xmin, g.xmin, r.xmin, p.pulp_id, v.pulp_id, case when d.checkpoint then (
    select md5(string_agg(cp.pulp_id::text, ' ' order by cp.pulp_id)) from publication cp
      join repository_version cv on cv.pulp_id = cp.repository_version_id
      where cv.repository_id = f.id and cp.checkpoint and cp.complete) end)`;

const frame = sql`concat_ws(' ', d.xmin, m.xmin, coalesce(g.xmin::text, '-'), coalesce(r.xmin::text, '-'), coalesce(p.pulp_id::text, '-'))`;

/** Whether a switch of several distributions of the domain is under way. */
const switching = sql`exists (select from distribution_switch s where s.domain_id = d.domain_id and s.switching_until > clock_timestamp())`;

const tablesOf = new WeakMap<readonly string[], Sql>();

/** Put together once for a process: requests wait for these statements. */
function tables(publishing: readonly string[]): Sql {
  const known = tablesOf.get(publishing);
  if (known) return known;
  const made = sql`distribution d
  join domain m on m.id = d.domain_id
  left join content_guard g on g.pulp_id = d.content_guard_id
  left join remote r on r.pulp_id = d.remote_id
  left join repository f on f.pulp_id = d.repository_id
  ${publication(publishing)} ${version(publishing)}`;
  tablesOf.set(publishing, made);
  return made;
}

interface SelectedRow extends Row {
  _stamp: string;
  _frame: string;
  _domain: LoadedDistribution['domain'];
  _redirects: boolean;
  _guard: Row | null;
  _publication: LoadedDistribution['publication'];
  _version: LoadedDistribution['version'];
  _noted: boolean;
  _former: boolean;
  _switching: boolean;
}

/**
 * The distribution whose base path is a leading part of a path. Base paths do not overlap, so there is at most one; the
 * index of their spans finds it in one step however long the path is.
 */
export async function loadByPath(
  db: Queryable,
  publishing: readonly string[],
  domain: string,
  path: string,
): Promise<LoadedDistribution | undefined> {
  const found = await db.row<SelectedRow>(sql`select d.*, ${stamp} as _stamp, ${frame} as _frame,
      jsonb_build_object('id', m.id, 'pulpId', m.pulp_id, 'name', m.name, 'storageStamp', ${storageStamp('m')}) as _domain,
      m.redirect_to_object_storage as _redirects, to_jsonb(g) as _guard,
      case when p.pulp_id is not null then jsonb_build_object('pulp_id', p.pulp_id, 'pass_through', p.pass_through,
        'created', extract(epoch from p.pulp_created) * 1000) end as _publication,
      case when v.id is not null then to_jsonb(v) end as _version,
      exists (select from distributed_publication dp
        where dp.distribution_id = d.pulp_id and dp.publication_id = p.pulp_id and dp.served_until is null)
        and not exists (select from distributed_publication dp
          where dp.distribution_id = d.pulp_id and dp.publication_id <> p.pulp_id and dp.served_until is null) as _noted,
      exists (select from distributed_publication dp where dp.distribution_id = d.pulp_id and dp.publication_id <> p.pulp_id) as _former,
      ${switching} as _switching
    from ${tables(publishing)}
    where d.path_span @> ((select id from domain where name = ${domain})::text || '/' || ${path} || '/')
    order by length(d.base_path) desc limit 1`);
  return found && split(found);
}

function split(selected: SelectedRow): LoadedDistribution {
  const { _stamp, _frame, _domain, _redirects, _guard, _publication, _version, _noted, _former, _switching, ...row } =
    selected;
  return {
    row,
    stamp: _stamp,
    frame: _frame,
    domain: _domain,
    redirects: _redirects,
    guard: _guard,
    publication: _publication,
    version: _version,
    noted: _noted,
    hasFormer: _former,
    switching: _switching,
  };
}

interface Stamp {
  readonly stamp: string;
  readonly switching: boolean;
}

/**
 * Names the state of the database: the transactions that can be seen. While the name is the same, every query has the same answer
 * but for those that ask for the time. Anything read after the name belongs to that state or to one with another name.
 */
export async function loadSnapshot(db: Queryable): Promise<string> {
  const row = await db.row<{ name: string }>(sql`select pg_current_snapshot()::text as name`);
  return row!.name;
}

/** The stamps of distributions by id; those that are gone are missing. */
export async function loadStamps(
  db: Queryable,
  publishing: readonly string[],
  ids: readonly string[],
): Promise<Map<string, Stamp>> {
  const which: Sql = sql`d.pulp_id = any(${hidden(ids)}::uuid[])`;
  const rows = await db.rows<Stamp & { pulp_id: string }>(
    sql`select d.pulp_id, ${stamp} as stamp, ${switching} as switching from ${tables(publishing)} where ${which}`,
  );
  return new Map(rows.map((row) => [row.pulp_id, row]));
}
