/**
 * Lists and every declared filter over many objects: 95th percentile of each, and those above the limit.
 * Run: `node bench/lists.ts [units] [repositories] [tasks] [limit in ms]`
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installedPlugins } from '../src/app/installed-plugins.ts';
import { composeProgram } from '../src/app/program/program.ts';
import { useDatabase } from '../test/support/database.ts';
import { listQueries } from '../test/support/list-queries.ts';
import { fillMany } from '../test/support/many-rows.ts';
import { startServer } from '../test/support/server.ts';

const [units = 1_000_000, repositories = 2_000, tasks = 100_000, limit = 50] = process.argv.slice(2).map(Number);
const RUNS = 20;
const API = '/pulp/api/v3/';

const out = (text: string) => process.stdout.write(`${text}\n`);

test(`lists over ${units} units, ${repositories} repositories, ${tasks} tasks`, { timeout: 3_600_000 }, async () => {
  const db = await useDatabase();
  const server = await startServer({ databaseUrl: db.url, settings: { log_level: 'warn' } });
  const began = performance.now();
  await fillMany(db, { units, repositories, tasks });
  out(`filled in ${Math.round((performance.now() - began) / 1000)} s`);
  const read = async (path: string) => {
    const response = await server.fetch(API + path);
    assert.equal(response.status, 200, path);
    return (await response.json()) as { count: number; results: Record<string, unknown>[] };
  };
  const listed = composeProgram(installedPlugins).resources.filter(
    ({ operations, model }) => operations.list && !model.path.includes('/*/'),
  );
  const slow: string[] = [];
  const all: number[] = [];
  for (const { path, filter, query } of await listQueries(listed, read)) {
    const times: number[] = [];
    let count = 0;
    for (let run = 0; run < RUNS; run++) {
      const start = performance.now();
      count = (await read(`${path}/?${query}`)).count;
      times.push(performance.now() - start);
    }
    const p95 = times.sort((a, b) => a - b)[Math.ceil(RUNS * 0.95) - 1]!;
    const median = times[RUNS / 2]!;
    all.push(p95);
    const line = `${path} ${filter}: ${median.toFixed(1)} / ${p95.toFixed(1)} ms, ${count} rows`;
    out(line);
    if (p95 > limit) slow.push(line);
  }
  out(`${all.length} queries, ${slow.length} above ${limit} ms (median / 95th percentile of ${RUNS}):`);
  for (const line of slow) out(`  ${line}`);
});
