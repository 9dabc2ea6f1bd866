/** An upstream server as it is set up here, with its secrets in clear. */
import type { Queryable } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { CONNECTION_NAMES, SECRET_NAMES } from '../../../download/connection-settings.ts';
import type { RemoteSettings } from '../../../download/downloader.ts';
import type { Secrets } from '../../../lib/crypto/secrets.ts';
import type { Row } from '../../../plugin-api/declare/field.ts';
import type { OnFailure, ReplicationPolicy } from '../plan/plan-types.ts';

export interface Upstream {
  readonly id: string;
  readonly name: string;
  readonly domainId: number;
  /** Without slash at the end. */
  readonly baseUrl: string;
  /** With slashes at both ends. */
  readonly apiRoot: string;
  /** Name of the domain there; null where it has none. */
  readonly domain: string | null;
  /** How its API and its content are reached. */
  readonly settings: RemoteSettings;
  readonly remotePolicy: string | null;
  readonly qSelect: string | null;
  readonly policy: ReplicationPolicy;
  readonly ownerKey: string | null;
  readonly onFailure: OnFailure;
  readonly activate: 'auto' | 'manual';
  readonly maxDelete: string | null;
  readonly copyGuards: boolean;
  readonly generation: number;
}

export async function findUpstream(
  db: Queryable,
  secrets: Secrets,
  domainId: number,
  id: string,
): Promise<Upstream | undefined> {
  const row = await db.row<Row>(sql`select * from upstream_pulp where pulp_id = ${id} and domain_id = ${domainId}`);
  return row && upstreamOf(row, secrets);
}

function upstreamOf(row: Row, secrets: Secrets): Upstream {
  const text = (name: string) => row[name] as string | null;
  const connection: Row = Object.fromEntries(CONNECTION_NAMES.map((name) => [name, row[name] ?? null]));
  for (const name of SECRET_NAMES)
    if (connection[name] !== null) connection[name] = secrets.decrypt(String(connection[name]));
  const baseUrl = String(row.base_url).replace(/\/+$/, '');
  return {
    id: String(row.pulp_id),
    name: String(row.name),
    domainId: Number(row.domain_id),
    baseUrl,
    apiRoot: normalisedRoot(String(row.api_root)),
    domain: text('domain'),
    settings: { ...connection, url: baseUrl } as RemoteSettings,
    remotePolicy: text('remote_policy'),
    qSelect: text('q_select'),
    policy: row.policy as ReplicationPolicy,
    ownerKey: text('owner_key'),
    onFailure: row.on_failure as OnFailure,
    activate: row.activate as Upstream['activate'],
    maxDelete: text('max_delete'),
    copyGuards: row.copy_guards === true,
    generation: Number(row.settings_generation),
  };
}

/** `pulp` → `/pulp/` */
export function normalisedRoot(root: string): string {
  const inner = root.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '/' : `/${inner}/`;
}
