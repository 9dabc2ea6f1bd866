/** No list and no filter looks at all rows of a large table to find a few: by the plans of all queries, from the declarations. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Sql, sql } from '../../src/db/sql.ts';
import { useApi } from '../support/api.ts';
import { listQueries } from '../support/list-queries.ts';
import { fillMany } from '../support/many-rows.ts';
import { program } from '../support/program.ts';

const SIZE = { units: 60_000, repositories: 1_500, tasks: 40_000 };
/** Rows of a table that may be looked at in vain. */
const MOST = 6_000;

const { call, db, services } = await useApi();
await fillMany(db, SIZE);

/** All units have to be looked at to find those that are in no repository: nothing else tells which these are. */
const WHOLE = new Set(['orphaned_for']);

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** Statements of a request, with their values. */
async function statementsOf(work: () => Promise<void>): Promise<Sql[]> {
  const seen: Sql[] = [];
  const own = { rows: services.db.rows, row: services.db.row };
  const noting = <T>(method: (query: Sql) => Promise<T>) =>
    function (this: unknown, query: Sql): Promise<T> {
      seen.push(query);
      return method.call(services.db, query);
    };
  Object.assign(services.db, { rows: noting(own.rows), row: noting(own.row) });
  try {
    await work();
  } finally {
    Object.assign(services.db, own);
  }
  return seen;
}

function* scansOf(plan: Plan): Generator<Plan> {
  if (plan['Relation Name']) yield plan;
  for (const part of plan.Plans ?? []) yield* scansOf(part);
}

/** Rows that a scan has read and thrown away. */
function wasted(plan: Plan): number {
  const each = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  return each * (plan['Actual Loops'] ?? 1);
}

async function explain(query: Sql): Promise<Plan> {
  const row = await db.row<{ 'QUERY PLAN': { Plan: Plan }[] }>(
    sql`explain (analyze, format json, timing off, buffers off) ${query}`.unprepared,
  );
  return row!['QUERY PLAN'][0]!.Plan;
}

const read = async (path: string) => {
  const { status, body } = await call('GET', path);
  assert.equal(status, 200, `${path} ${JSON.stringify(body)}`);
  return body;
};
const listed = program.resources.filter(({ operations, model }) => operations.list && !model.path.includes('/*/'));
const queries = await listQueries(listed, read);

test('there is much to be asked', () => {
  const paths = new Set(queries.map(({ path }) => path));
  for (const path of [
    'content/file/files',
    'content',
    'repositories',
    'repositories/file/file',
    'repository_versions',
    'distributions',
    'publications',
    'remotes',
    'tasks',
    'artifacts',
  ])
    assert.ok(paths.has(path), path);
  assert.ok(queries.length > 200);
});

for (const [path, group] of Map.groupBy(queries, (one) => one.path)) {
  test(path, async () => {
    const problems: string[] = [];
    for (const { filter, query } of group) {
      if (WHOLE.has(filter)) continue;
      let count = 0;
      const statements = await statementsOf(async () => {
        count = (await read(`${path}/?${query}`)).count;
      });
      // what most rows meet is read in order, page by page, and counted
      if (filter !== 'first page' && count > MOST) continue;
      for (const statement of statements) {
        if (!/^\s*(select|with)/i.test(statement.text)) continue;
        for (const scan of scansOf(await explain(statement))) {
          if (wasted(scan) > MOST)
            problems.push(
              `${filter} (${query}): ${scan['Node Type']} of ${scan['Relation Name']} throws ${wasted(scan)} rows away`,
            );
        }
      }
    }
    assert.deepEqual(problems, []);
  });
}
