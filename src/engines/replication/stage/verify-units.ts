/** Compares paths and digests of what was fetched with what upstream lists for the version it serves: a manifest may lie. */
import type { Queryable } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { digestsOf } from '../../../lib/crypto/digest.ts';
import { inVersion, versionRow } from '../../../model/repositories/membership.ts';
import type { VerifiedContent } from '../../../plugin-api/contracts/replicate.ts';
import type { UpstreamApi } from '../upstream/upstream-api.ts';

/** Sums over digests of all units: the order does not matter, and no set has to be held in memory. */
export interface Sums {
  count: number;
  high: bigint;
  low: bigint;
}

/** Sums of versions here by id, in one statement for all. */
export async function sumsHere(
  db: Queryable,
  verified: VerifiedContent,
  versionIds: readonly string[],
): Promise<Map<string, Sums>> {
  const half = (from: number) => sql.raw(`sum(('x' || substr(h.hex, ${from}, 16))::bit(64)::bigint)::text`);
  const rows = await db.rows<{ id: string; count: number; high: string; low: string }>(sql`
    select v.pulp_id as id, count(*)::integer as count, ${half(1)} as high, ${half(17)} as low
      from ${unitsOf(verified)} cross join lateral (select md5(${path(verified)} || ' ' || ${digest(verified)}) as hex) h
      where v.pulp_id = any(${versionIds}::uuid[]) group by v.pulp_id`);
  return new Map(rows.map(({ id, count, high, low }) => [id, { count, high: BigInt(high), low: BigInt(low) }]));
}

function unitsOf({ content }: VerifiedContent): Sql {
  return sql`repository_version v
    join repository_content rc on ${inVersion(versionRow('v'))}
    join ${sql.ident(content.table)} d on d.content_id = rc.content_id`;
}

const path = ({ content }: VerifiedContent) => sql`d.${sql.ident(content.pathColumn!)}`;
const digest = (verified: VerifiedContent) => sql`d.${sql.ident(verified.digest.column)}`;

export interface Verification {
  readonly verified: VerifiedContent;
  /** Of the version here; empty when it has no units. */
  readonly ours: Sums | undefined;
  readonly versionId: string;
  /** Upstream's version by href or PRN. */
  readonly version: string;
}

/** What is wrong, by the first unit that differs; undefined when all is well. */
export async function differenceOf(
  api: UpstreamApi,
  db: Queryable,
  { verified, ours, versionId, version }: Verification,
): Promise<string | undefined> {
  const theirs = await sumsThere(api, verified, version);
  const { count, high, low } = ours ?? { count: 0, high: 0n, low: 0n };
  if (theirs.count === count && theirs.high === high && theirs.low === low) return undefined;
  for await (const units of listed(api, verified, version)) {
    const here = await digestsHere(db, verified, versionId, [...units.keys()]);
    for (const [at, wanted] of units) {
      const found = here.get(at);
      if (found === undefined) return `upstream lists '${at}', which did not come`;
      if (found !== wanted) return `'${at}' came with the digest ${found}, upstream lists it with ${wanted}`;
    }
  }
  return `${count} units came, of which upstream lists ${theirs.count}`;
}

async function sumsThere(api: UpstreamApi, verified: VerifiedContent, version: string): Promise<Sums> {
  const sums: Sums = { count: 0, high: 0n, low: 0n };
  for await (const units of listed(api, verified, version)) {
    for (const [at, wanted] of units) {
      const hex = digestsOf(`${at} ${wanted}`, ['md5']).md5!;
      sums.count++;
      sums.high += BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`));
      sums.low += BigInt.asIntN(64, BigInt(`0x${hex.slice(16)}`));
    }
  }
  return sums;
}

async function* listed(
  api: UpstreamApi,
  { content, digest: { wire } }: VerifiedContent,
  version: string,
): AsyncGenerator<Map<string, string>> {
  const name = content.pathColumn!;
  const query = { repository_version: version, fields: `pulp_href,${name},${wire}` };
  for await (const rows of api.pages(`${content.path}/`, query)) {
    yield new Map(rows.map((row) => [String(row[name]), String(row[wire])]));
  }
}

async function digestsHere(
  db: Queryable,
  verified: VerifiedContent,
  versionId: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.rows<{ path: string; digest: string }>(sql`
    select ${path(verified)} as path, ${digest(verified)} as digest from ${unitsOf(verified)}
      where v.pulp_id = ${versionId} and ${path(verified)} = any(${paths}::text[])`);
  return new Map(rows.map((row) => [row.path, row.digest]));
}
