/** What the pages of an index depend on beside the units of its version, and the validators of its answers. */
import { sha256Of } from '../../../lib/crypto/digest.ts';
import { formatHttpDate } from '../../../lib/http/http-date.ts';
import { sql, type Version } from '../../../plugin-api/index.ts';
import { packageProvenance, packageYank } from '../rest/content.ts';
import type { ServedIndex } from './served-index.ts';

export interface VersionFacts {
  readonly etag: string;
  readonly lastModified: string;
  readonly hasYanks: boolean;
  readonly hasProvenance: boolean;
  /** How often metadata was repaired in the domain: what was made before another number is out of date. */
  readonly repairs: number;
}

interface FactsRow {
  readonly created: string;
  readonly present: Readonly<Record<string, number>> | null;
  readonly generation: number;
  readonly repairs: number | null;
}

/** In one look at the database. Throws when the version is gone. */
export async function readFacts(
  { request, distribution, domain }: ServedIndex,
  version: Version,
): Promise<VersionFacts> {
  const row =
    await request.services.db.row<FactsRow>(sql`select v.pulp_created as created, v.counts -> 'present' as present,
      (select generation from distribution where pulp_id = ${distribution.pulpId}) as generation,
      (select number from python_repair where domain_id = ${domain.id}) as repairs
    from repository_version v where v.id = ${version.id}`);
  if (!row) throw new Error(`The repository version ${version.id} is gone`);
  const { created, present, generation, repairs } = row;
  return {
    // Repaired metadata and changed settings make other pages of the same version.
    etag: `"${sha256Of(`${version.number}:${created}:${generation}`).slice(0, 16)}"`,
    lastModified: formatHttpDate(Math.floor(new Date(created).getTime() / 1000) * 1000),
    hasYanks: (present?.[packageYank.pulpType] ?? 0) > 0,
    hasProvenance: (present?.[packageProvenance.pulpType] ?? 0) > 0,
    repairs: repairs ?? 0,
  };
}
