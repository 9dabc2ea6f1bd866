/** What all pages of a version have in common: validators, and whether there are yanks and provenance at all. */
import { sha256Of } from '../../../lib/digest.ts';
import { formatHttpDate } from '../../../lib/http-date.ts';
import { sql } from '../../../plugin-api/index.ts';
import { packageProvenance, packageYank } from '../content.ts';
import type { ServedIndex } from './served-index.ts';

export interface VersionFacts {
  readonly etag: string;
  readonly lastModified: string;
  readonly hasYanks: boolean;
  readonly hasProvenance: boolean;
}

/** By state of a distribution; a version never changes, but repaired metadata makes another state. */
const known = new Map<string, Promise<VersionFacts>>();
const MOST_KNOWN = 1000;

/** Undefined where no version is served. */
export async function versionFacts(index: ServedIndex): Promise<VersionFacts | undefined> {
  if (!index.version) return undefined;
  const { state } = index.distribution;
  let facts = known.get(state);
  if (!facts) {
    facts = readFacts(index, index.version.id);
    known.set(state, facts);
    facts.catch(() => known.delete(state));
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value!);
  }
  return await facts;
}

interface FactsRow {
  readonly number: number;
  readonly created: string;
  readonly present: Readonly<Record<string, number>> | null;
  readonly generation: number;
}

async function readFacts({ request, distribution }: ServedIndex, versionId: number): Promise<VersionFacts> {
  const row = await request.services.db.row<FactsRow>(sql`select v.number, v.pulp_created as created,
      v.counts -> 'present' as present, (select generation from distribution where pulp_id = ${distribution.pulpId}) as generation
    from repository_version v where v.id = ${versionId}`);
  if (!row) throw new Error(`The repository version ${versionId} is gone`);
  const { number, created, present, generation } = row;
  return {
    // Repaired metadata and changed settings make other pages of the same version.
    etag: `"${sha256Of(`${number}:${created}:${generation}`).slice(0, 16)}"`,
    lastModified: formatHttpDate(Math.floor(new Date(created).getTime() / 1000) * 1000),
    hasYanks: (present?.[packageYank.pulpType] ?? 0) > 0,
    hasProvenance: (present?.[packageProvenance.pulpType] ?? 0) > 0,
  };
}
