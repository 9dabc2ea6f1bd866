/** Compares what was fetched with what upstream tells of the version it serves: numbers of units, paths and digests. */

import { sql } from '../../../db/sql.ts';
import { forEachConcurrent } from '../../../lib/flow/map-concurrent.ts';
import type { Replicator, VerifiedContent } from '../../../plugin-api/contracts/replicate.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { PlanItem, Wanted } from '../plan/plan-types.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { UpstreamApi } from '../upstream/upstream-api.ts';
import { differenceOf, type Sums, sumsHere } from './verify-units.ts';

type Counts = Readonly<Record<string, number>>;

const AT_ONCE = 10;

interface Fetched {
  readonly key: string;
  readonly counts: Counts;
  readonly versionId: string;
}

/** Only items that were synced in this run are asked about; answers those that differ. */
export async function verifyFetched(
  context: TaskContext,
  replicators: readonly Replicator[],
  upstream: Upstream,
  runId: string,
  items: readonly PlanItem[],
): Promise<{ key: string; error: string }[]> {
  const rows = await context.db.rows<Fetched>(sql`
    select i.key, i.counts, h.version_id as "versionId" from replication_item i
      join replication_holding h on h.repository_id = (i.target -> 'repository' ->> 'id')::uuid
      where i.run_id = ${runId} and i.counts is not null and i.state = 'staged'`);
  const fetched = new Map(rows.map((row) => [row.key, row]));
  const checked = items.filter(({ key, wanted }) => wanted && fetched.has(key));
  if (checked.length === 0) return [];
  const verifiedOf = (item: PlanItem) =>
    replicators.find(({ distribution }) => distribution.pulpType === item.type)?.verified ?? [];
  const sums = new Map<VerifiedContent, Map<string, Sums>>();
  for (const verified of new Set(checked.flatMap(verifiedOf))) {
    const items = checked.filter((item) => verifiedOf(item).includes(verified));
    const ids = items.map(({ key }) => fetched.get(key)!.versionId);
    sums.set(verified, await sumsHere(context.db, verified, ids));
  }
  const wrong: { key: string; error: string }[] = [];
  const downloader = context.downloader(upstream.settings);
  try {
    const api = new UpstreamApi(upstream, downloader, context.settings, context.signal);
    // Tells also whether upstream has domains.
    await api.components();
    await forEachConcurrent(checked, AT_ONCE, async (item) => {
      const { counts, versionId } = fetched.get(item.key)!;
      const theirs = item.wanted!.counts ?? (await countsOf(api, item.wanted!));
      const { version } = item.wanted!;
      let error = theirs ? difference(counts, theirs) : undefined;
      for (const verified of version ? verifiedOf(item) : []) {
        const ours = sums.get(verified)!.get(versionId);
        error ??= await differenceOf(api, context.db, { verified, version: version!, versionId, ours });
      }
      if (error) wrong.push({ key: item.key, error });
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
