/** The objects a task made: from the PRNs it noted to hrefs, `<unavailable>` for what is gone or incomplete. */
import { sql } from '../../../db/sql.ts';
import type { Presenter } from '../../../plugin-api/contracts/context.ts';
import type { Row } from '../../../plugin-api/declare/field.ts';
import type { Model } from '../../../plugin-api/declare/model.ts';

const UNAVAILABLE = '<unavailable>';

interface Parsed {
  readonly prn: string;
  readonly model: Model | undefined;
  readonly id: string;
}

function parse(prn: string, presenter: Presenter): Parsed {
  const [, label = '', id = ''] = prn.split(':');
  return { prn, model: presenter.services.models.byLabel(label), id };
}

/** hrefs for each row's `created_resources`, asked in one query per table. */
export async function createdHrefs(rows: readonly Row[], presenter: Presenter): Promise<string[][]> {
  const all = rows.map((row) => ((row.created_resources as string[] | null) ?? []).map((prn) => parse(prn, presenter)));
  const byTable = Map.groupBy(
    all.flat().filter((one) => one.model),
    (one) => one.model!.table,
  );
  const hrefs = new Map<string, string>();
  for (const [table, wanted] of byTable) await findHrefs(table, wanted, presenter, hrefs);
  return all.map((list) => list.map(({ prn }) => hrefs.get(prn) ?? UNAVAILABLE));
}

async function findHrefs(
  table: string,
  wanted: Parsed[],
  presenter: Presenter,
  hrefs: Map<string, string>,
): Promise<void> {
  const { db } = presenter.services;
  const ids = wanted.map(({ id }) => id);
  if (table === 'repository_version') {
    const found = await db.rows<{ pulp_id: string; type: string; repository: string; number: number }>(
      sql`select v.pulp_id, r.pulp_type as type, r.pulp_id as repository, v.number from repository_version v
        join repository r on r.id = v.repository_id where v.complete and v.pulp_id = any(${ids}::uuid[])`,
    );
    for (const row of found) {
      hrefs.set(
        `prn:core.repositoryversion:${row.pulp_id}`,
        `${presenter.hrefOfType('repository', row.type, row.repository)}versions/${row.number}/`,
      );
    }
    return;
  }
  const complete = table === 'publication' ? sql` and complete` : sql.empty;
  const { parentColumn } = wanted[0]!.model!;
  const parent = parentColumn === undefined ? sql.raw('null') : sql.ident(parentColumn);
  const found = await db.rows<{ id: string; parent: string | null }>(
    sql`select pulp_id as id, ${parent} as parent from ${sql.ident(table)} where pulp_id = any(${ids}::uuid[])${complete}`,
  );
  const there = new Map(found.map((row) => [row.id, row.parent]));
  for (const { prn, model, id } of wanted) {
    if (!there.has(id)) continue;
    const path = model!.path.replace('/*/', parentColumn === undefined ? '/' : `/${there.get(id)}/`);
    hrefs.set(prn, `${presenter.apiPrefix}${path}/${id}/`);
  }
}
