/** Remotes as downloads need them: the row with its secrets in clear. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { SECRET_NAMES } from '../../download/connection-settings.ts';
import type { RemoteSettings } from '../../download/downloader.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';

interface RemoteRow {
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly policy: 'immediate' | 'on_demand' | 'streamed';
  readonly settings: RemoteSettings;
  readonly details: Record<string, unknown>;
}

/** A remote of the domain by its id on the wire. */
export async function findRemote(
  db: Queryable,
  secrets: Secrets,
  domainId: number,
  pulpId: string,
): Promise<RemoteRow | undefined> {
  const row = await db.row<Record<string, unknown>>(
    sql`select * from remote where pulp_id = ${pulpId} and domain_id = ${domainId}`,
  );
  return row && remoteOf(row, secrets);
}

export function remoteOf(row: Record<string, unknown>, secrets: Secrets): RemoteRow {
  const clear: Record<string, string | null> = {};
  for (const name of SECRET_NAMES) clear[name] = row[name] === null ? null : secrets.decrypt(String(row[name]));
  return {
    pulpId: String(row.pulp_id),
    pulpType: String(row.pulp_type),
    name: String(row.name),
    policy: row.policy as RemoteRow['policy'],
    settings: { ...row, ...clear } as unknown as RemoteSettings,
    details: row.details as Record<string, unknown>,
  };
}
