/** What a body may name: objects that the caller may see, and bytes and units that no one else has. */
import type { Queryable } from '../db/queryable.ts';
import { type Sql, sql } from '../db/sql.ts';
import type { Model } from '../plugin-api/declare/model.ts';
import { type Viewer, visibleBeside } from './scoping.ts';

/** Whether the caller may name all of these objects of a model, by their ids on the wire; one query. */
export async function nameable(db: Queryable, viewer: Viewer, model: Model, ids: readonly string[]): Promise<boolean> {
  const condition = nameableRows(model, viewer);
  if (!condition) return true;
  const key = sql.ident(model.key ?? 'pulp_id');
  const repository =
    model.table === 'repository_version' ? sql.raw('join repository r on r.id = t.repository_id') : sql.empty;
  const row = await db.row<{ n: number }>(sql`select count(*)::int as n from ${sql.ident(model.table)} t ${repository}
    where t.${key} = any(${ids}::${sql.raw(model.key ? 'bigint' : 'uuid')}[]) and ${condition}`);
  return row!.n === new Set(ids).size;
}

/** The condition on `t`; undefined for any row. */
function nameableRows(model: Model, viewer: Viewer): Sql | undefined {
  const visible = visibleBeside(viewer);
  switch (model.table) {
    case 'repository_version':
      return visible('repository', 'r');
    case 'content':
      return sql`(${visible('content', 't')!} or ${inNoRepository('t.id')})`;
    case 'artifact':
      return nameableArtifacts(viewer);
    case 'app_user': {
      const held = visible('app_user', 't');
      return held && sql`(t.id = ${viewer.request.user?.id ?? null} or ${held})`;
    }
  }
  return visible(model.table, 't');
}

/**
 * Whoever names an artifact gets its bytes: those that are in units or publications the caller may see, that a task of the
 * caller has brought, or that nothing here has yet.
 */
function nameableArtifacts(viewer: Viewer): Sql {
  const visible = visibleBeside(viewer);
  const published = visible('publication', 'p') ?? sql.raw('true');
  return sql`(exists (select 1 from content_artifact ca where ca.artifact_id = t.id
      and exists (select 1 from content c where c.id = ca.content_id and ${visible('content', 'c')!}))
    or exists (select 1 from published_artifact pa join publication p on p.pulp_id = pa.publication_id
      where pa.artifact_id = t.id and ${published})
    or exists (select 1 from task own where own.created_resources @> array['prn:core.artifact:' || t.pulp_id]
      and own.created_resources <> '{}' and own.created_by = ${viewer.request.user?.id ?? null})
    or not exists (select 1 from published_artifact pa where pa.artifact_id = t.id)
      and not exists (select 1 from content_artifact ca where ca.artifact_id = t.id and not ${inNoRepository('ca.content_id')}))`;
}

/** Units in no repository are nobody's. */
function inNoRepository(unit: string): Sql {
  return sql.raw(`not exists (select 1 from repository_content stay where stay.content_id = ${unit})`);
}
