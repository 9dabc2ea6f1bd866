/** Compares the numbers of units that were fetched with those that upstream tells of the version it serves. */

import { sql } from '../db/sql.ts';
import { forEachConcurrent } from '../lib/map-concurrent.ts';
import type { Values } from '../plugin-api/field.ts';
import type { TaskContext } from '../plugin-api/task.ts';
import type { PlanItem, Wanted } from './plan/plan-types.ts';
import type { Upstream } from './upstream.ts';
import { UpstreamApi } from './upstream-api.ts';

type Counts = Readonly<Record<string, number>>;

const AT_ONCE = 10;

/** Only items that were synced in this run are asked about. */
export async function verifyCounts(
  context: TaskContext,
  upstream: Upstream,
  runId: string,
  items: readonly PlanItem[],
): Promise<{ key: string; error: string }[]> {
  const rows = await context.db.rows<{ key: string; counts: Counts }>(
    sql`select key, counts from replication_item where run_id = ${runId} and counts is not null and state = 'staged'`,
  );
  const fetched = new Map(rows.map((row) => [row.key, row.counts]));
  const checked = items.filter(({ key, wanted }) => wanted && fetched.has(key));
  if (checked.length === 0) return [];
  const wrong: { key: string; error: string }[] = [];
  const downloader = context.downloader(upstream.settings);
  try {
    const api = new UpstreamApi(upstream, downloader, context.signal);
    await forEachConcurrent(checked, AT_ONCE, async ({ key, wanted }) => {
      const theirs = wanted!.counts ?? (await countsOf(api, wanted!));
      const error = theirs && difference(fetched.get(key)!, theirs);
      if (error) wrong.push({ key, error });
    });
  } finally {
    await downloader.close();
  }
  return wrong;
}

async function countsOf(api: UpstreamApi, wanted: Wanted): Promise<Counts | null> {
  if (!wanted.versionHref) return null;
  const version = await api.object(wanted.versionHref, `the version that '${wanted.name}' serves`);
  const summary = version?.content_summary as { present?: Record<string, Values> } | undefined;
  if (!summary?.present) return null;
  return Object.fromEntries(Object.entries(summary.present).map(([type, { count }]) => [type, Number(count)]));
}

function difference(ours: Counts, theirs: Counts): string | undefined {
  const types = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
  const different = types.filter((type) => (ours[type] ?? 0) !== (theirs[type] ?? 0));
  if (different.length === 0) return undefined;
  const told = different.map((type) => `${theirs[type] ?? 0} units of ${type}, ${ours[type] ?? 0} of them came`);
  return `upstream says that it has ${told.join('; ')}`;
}
