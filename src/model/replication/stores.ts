/** Repositories and remotes that a run fetches with: made, brought up to date, and tied to what they follow. */
import type { Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';

/** Connection settings by column, as they are stored; the same for all remotes of an upstream. */
export type Connection = ReadonlyMap<string, Sql>;

export interface StagedRemote {
  readonly id: string;
  readonly url: string;
  readonly policy: string | null;
  readonly details: unknown;
}

export interface NewRemote extends StagedRemote {
  readonly name: string;
  readonly type: string;
  readonly labels: unknown;
}

export async function insertRemotes(
  tx: Transaction,
  domainId: number,
  remotes: readonly NewRemote[],
  connection: Connection,
): Promise<void> {
  if (remotes.length === 0) return;
  const columns = sql.join(connection.keys().map((name) => sql.ident(name)));
  await tx.run(sql`insert into remote (pulp_id, domain_id, pulp_type, name, pulp_labels, url, policy, details, ${columns})
    select r.id, ${domainId}, r.type, r.name, r.labels, r.url, r.policy, r.details, ${sql.join(connection.values())}
    from jsonb_to_recordset(${JSON.stringify(remotes)}::jsonb)
      as r (id uuid, type text, name text, labels jsonb, url text, policy text, details jsonb)`);
}

/** Without a policy it keeps its own. */
export async function updateRemotes(
  tx: Transaction,
  remotes: readonly StagedRemote[],
  connection: Connection,
): Promise<void> {
  if (remotes.length === 0) return;
  const sets = [...connection].map(([name, value]) => sql`${sql.ident(name)} = ${value}`);
  await tx.run(sql`update remote m set url = r.url, policy = coalesce(r.policy, m.policy), details = m.details || r.details,
      pulp_last_updated = now(), ${sql.join(sets)}
    from jsonb_to_recordset(${JSON.stringify(remotes)}::jsonb) as r (id uuid, url text, policy text, details jsonb)
    where m.pulp_id = r.id`);
}

/** Merges what is given into the details of repositories. */
export async function mergeDetails(
  tx: Transaction,
  repositories: readonly { readonly id: string; readonly details: unknown }[],
): Promise<void> {
  await tx.run(sql`update repository m set details = m.details || r.details
    from jsonb_to_recordset(${JSON.stringify(repositories)}::jsonb) as r (id uuid, details jsonb)
    where m.pulp_id = r.id and not m.details @> r.details`);
}

export interface StoreLink {
  readonly repository: string;
  readonly remote: string;
  /** Of what it follows at upstream. */
  readonly href: string;
}

/** Notes what each repository follows; what it holds is kept while it follows the same. */
export async function linkStores(
  tx: Transaction,
  upstream: { readonly id: string; readonly generation: number },
  links: readonly StoreLink[],
): Promise<void> {
  const rows = sql`jsonb_to_recordset(${JSON.stringify(links)}::jsonb) as r (repository uuid, remote uuid, href text)`;
  await tx.run(sql`update repository m set remote_id = r.remote from ${rows}
    where m.pulp_id = r.repository and m.remote_id is distinct from r.remote`);
  await tx.run(sql`
    insert into replication_holding as h (repository_id, upstream_id, remote_id, upstream_href, settings_generation)
      select r.repository, ${upstream.id}, r.remote, r.href, ${upstream.generation} from ${rows}
    on conflict (repository_id) do update set upstream_id = excluded.upstream_id, remote_id = excluded.remote_id,
      upstream_href = excluded.upstream_href, settings_generation = excluded.settings_generation,
      watermark = case when h.upstream_id = excluded.upstream_id and h.upstream_href = excluded.upstream_href then h.watermark end`);
}
