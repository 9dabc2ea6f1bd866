/** Makes and updates the remotes and repositories of a run: nothing here is served by anything yet. */
import type { Transaction } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { CONNECTION_NAMES, type ConnectionName, columnType, isSecret } from '../../../download/connection-settings.ts';
import type { Secrets } from '../../../lib/crypto/secrets.ts';
import { uuid7Batch } from '../../../lib/text/uuid7.ts';
import { insertRepositories, type NewRepository } from '../../../model/repositories/new-repository.ts';
import { ownLabels } from '../plan/differences.ts';
import type { LocalState, PlanItem, Store } from '../plan/plan-types.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Ids of the repository and the remote by key of the item. */
type StagedStores = ReadonlyMap<string, { readonly repositoryId: string; readonly remoteId: string }>;

interface StageContext {
  readonly upstream: Upstream;
  readonly local: LocalState;
  readonly secrets: Secrets;
}

/** Items without a repository or a remote get new ones, under another name while their own is taken. */
export async function stageStores(
  tx: Transaction,
  context: StageContext,
  items: readonly PlanItem[],
): Promise<StagedStores> {
  const remotes = await stage(tx, context, items, 'remote');
  const repositories = await stage(tx, context, items, 'repository');
  const stores = new Map(
    items.map(({ key }) => [key, { repositoryId: repositories.get(key)!, remoteId: remotes.get(key)! }]),
  );
  await linkStores(tx, context.upstream, items, stores);
  return stores;
}

async function stage(
  tx: Transaction,
  context: StageContext,
  items: readonly PlanItem[],
  what: 'remote' | 'repository',
): Promise<Map<string, string>> {
  const store = (item: PlanItem): Store => item[what]!;
  const there = items.filter((item) => store(item).id !== null);
  const fresh = items.filter((item) => store(item).id === null);
  const ids = uuid7Batch(fresh.length);
  const found = what === 'remote' ? context.local.remotes : context.local.repositories;
  const names = new Set(found.map(({ name }) => name));
  const rows = fresh.map((item, at) => ({ item, id: ids[at]!, name: freeName(names, store(item).name, ids[at]!) }));
  if (what === 'remote') {
    await insertRemotes(tx, context, rows);
    await updateRemotes(tx, context, there);
  } else {
    const { upstream } = context;
    await insertRepositories(
      tx,
      upstream.domainId,
      rows.map((row) => newRepository(row, upstream.id)),
    );
    await updateRepositories(tx, there);
  }
  return new Map([
    ...there.map((item) => [item.key, store(item).id!] as const),
    ...rows.map((row) => [row.item.key, row.id] as const),
  ]);
}

function freeName(taken: Set<string>, name: string, id: string): string {
  const free = taken.has(name) ? `${name} ${id}` : name;
  taken.add(free);
  return free;
}

interface Fresh {
  readonly item: PlanItem;
  readonly id: string;
  readonly name: string;
}

const DEFAULT_POLICY = 'immediate';

async function insertRemotes(
  tx: Transaction,
  { upstream, secrets }: StageContext,
  rows: readonly Fresh[],
): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(({ item, id, name }) => {
    const { remote, remoteType, labels } = item.wanted!;
    const policy = remote.policy ?? DEFAULT_POLICY;
    return {
      id,
      name,
      type: remoteType,
      labels: ownLabels(labels, upstream.id),
      url: remote.url,
      policy,
      details: remote.details,
    };
  });
  const columns = sql.join(CONNECTION_NAMES.map((name) => sql.ident(name)));
  await tx.run(sql`insert into remote (pulp_id, domain_id, pulp_type, name, pulp_labels, url, policy, details, ${columns})
    select r.id, ${upstream.domainId}, r.type, r.name, r.labels, r.url, r.policy, r.details,
      ${sql.join(connectionValues(upstream, secrets))}
    from jsonb_to_recordset(${JSON.stringify(values)}::jsonb)
      as r (id uuid, type text, name text, labels jsonb, url text, policy text, details jsonb)`);
}

/** Their names and labels change with the switch. */
async function updateRemotes(
  tx: Transaction,
  { upstream, secrets }: StageContext,
  items: readonly PlanItem[],
): Promise<void> {
  if (items.length === 0) return;
  const values = items.map(({ wanted, remote }) => ({
    id: remote!.id,
    url: wanted!.remote.url,
    policy: wanted!.remote.policy ?? null,
    details: wanted!.remote.details,
  }));
  const names = CONNECTION_NAMES.map((name) => sql.ident(name));
  const sets = connectionValues(upstream, secrets).map((value, at) => sql`${names[at]} = ${value}`);
  await tx.run(sql`update remote m set url = r.url, policy = coalesce(r.policy, m.policy), details = m.details || r.details,
      pulp_last_updated = now(), ${sql.join(sets)}
    from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as r (id uuid, url text, policy text, details jsonb)
    where m.pulp_id = r.id`);
}

function connectionValues({ settings }: Upstream, secrets: Secrets): Sql[] {
  return CONNECTION_NAMES.map((name) => {
    const value = settings[name] ?? null;
    const stored = storedValue(name, value, secrets);
    return sql`${stored}::${sql.raw(columnType(name))}`;
  });
}

function storedValue(name: ConnectionName, value: unknown, secrets: Secrets): unknown {
  if (value === null) return null;
  if (isSecret(name)) return secrets.encrypt(String(value));
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

function newRepository({ item, id, name }: Fresh, upstreamId: string): NewRepository {
  const { repositoryType, labels, repository } = item.wanted!;
  const { description, retain_repo_versions, retain_checkpoints, details } = repository;
  const own = { labels: ownLabels(labels, upstreamId), description, retain_repo_versions, retain_checkpoints, details };
  return { id, type: repositoryType, name, ...own };
}

/** Only what the sync needs: the rest changes with the switch. */
async function updateRepositories(tx: Transaction, items: readonly PlanItem[]): Promise<void> {
  const values = items.map(({ wanted, repository }) => ({ id: repository!.id, details: wanted!.repository.details }));
  await tx.run(sql`update repository m set details = m.details || r.details
    from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as r (id uuid, details jsonb)
    where m.pulp_id = r.id and not m.details @> r.details`);
}

/** Notes what each repository follows; what it holds is kept while it follows the same. */
async function linkStores(
  tx: Transaction,
  upstream: Upstream,
  items: readonly PlanItem[],
  stores: StagedStores,
): Promise<void> {
  const values = items.map(({ key, wanted }) => ({
    repository: stores.get(key)!.repositoryId,
    remote: stores.get(key)!.remoteId,
    href: wanted!.href,
  }));
  const rows = sql`jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as r (repository uuid, remote uuid, href text)`;
  await tx.run(
    sql`update repository m set remote_id = r.remote from ${rows} where m.pulp_id = r.repository and m.remote_id is distinct from r.remote`,
  );
  await tx.run(sql`
    insert into replication_holding as h (repository_id, upstream_id, remote_id, upstream_href, settings_generation)
      select r.repository, ${upstream.id}, r.remote, r.href, ${upstream.generation} from ${rows}
    on conflict (repository_id) do update set upstream_id = excluded.upstream_id, remote_id = excluded.remote_id,
      upstream_href = excluded.upstream_href, settings_generation = excluded.settings_generation,
      watermark = case when h.upstream_id = excluded.upstream_id and h.upstream_href = excluded.upstream_href then h.watermark end`);
}
