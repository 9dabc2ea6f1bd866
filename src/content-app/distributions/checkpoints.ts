/** Checkpoints of a repository by the time they were made (core.md §5.5). */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { htmlListing } from '../../lib/http/html-listing.ts';
import type { ServedEntry, Source } from './served-entry.ts';

interface Checkpoint {
  /** `20260131T235900Z`, to the second. */
  readonly name: string;
  readonly source: Source;
}

interface CheckpointRow {
  pulp_id: string;
  pass_through: boolean;
  created: number;
  id: number;
  version: string;
  number: number;
  repository_id: number;
}

const known = new WeakMap<ServedEntry, Promise<readonly Checkpoint[]>>();

/** All checkpoints of a checkpoint distribution, newest first; read once, since the entry's stamp covers them. */
export function checkpointsOf(db: Queryable, entry: ServedEntry): Promise<readonly Checkpoint[]> {
  const read = known.get(entry) ?? readCheckpoints(db, entry.checkpointsOf!);
  known.set(entry, read);
  read.catch(() => known.delete(entry));
  return read;
}

async function readCheckpoints(db: Queryable, repositoryId: string): Promise<readonly Checkpoint[]> {
  const rows = await db.rows<CheckpointRow>(sql`select p.pulp_id, p.pass_through,
      extract(epoch from p.pulp_created)::float8 * 1000 as created, v.id, v.pulp_id as version, v.number, v.repository_id
    from repository f join repository_version v on v.repository_id = f.id
    join publication p on p.repository_version_id = v.pulp_id
    where f.pulp_id = ${repositoryId} and p.checkpoint and p.complete order by p.pulp_created desc`);
  return rows.map((row) => ({
    name: nameOf(row.created),
    source: {
      publicationId: row.pulp_id,
      content: row.pass_through,
      version: { id: row.id, pulpId: row.version, number: row.number, repositoryId: row.repository_id },
      publishedAt: row.created,
    },
  }));
}

export function listCheckpoints(checkpoints: readonly Checkpoint[]): string {
  const entries = new Map(
    checkpoints.map(({ name, source }) => [name, { name: `${name}/`, date: source.publishedAt }]),
  );
  return htmlListing('', [...entries.values()]);
}

/** The newest checkpoint not after a time such as `20260131T235900Z`; undefined for other words and times to come. */
export function checkpointAt(checkpoints: readonly Checkpoint[], time: string): Checkpoint | undefined {
  const wanted = timeOf(time);
  if (wanted === undefined || wanted > Date.now()) return undefined;
  return checkpoints.find(({ source }) => Math.floor(source.publishedAt / 1000) * 1000 <= wanted);
}

function nameOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function timeOf(name: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(name);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}
