/** Makes and updates the remotes and repositories of a run: nothing here is served by anything yet. */
import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { CONNECTION_NAMES, type ConnectionName, columnType, isSecret } from '../../../download/connection-settings.ts';
import type { Secrets } from '../../../lib/crypto/secrets.ts';
import { uuid7Batch } from '../../../lib/text/uuid7.ts';
import {
  type Connection,
  insertRemotes,
  linkStores,
  mergeDetails,
  type NewRemote,
  type StagedRemote,
  updateRemotes,
} from '../../../model/replication/stores.ts';
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
  const links = items.map(({ key, wanted }) => {
    const { repositoryId, remoteId } = stores.get(key)!;
    return { repository: repositoryId, remote: remoteId, href: wanted!.href };
  });
  await linkStores(tx, context.upstream, links);
  return stores;
}

async function stage(
  tx: Transaction,
  context: StageContext,
  items: readonly PlanItem[],
  what: 'remote' | 'repository',
): Promise<Map<string, string>> {
  const { upstream, local, secrets } = context;
  const store = (item: PlanItem): Store => item[what]!;
  const there = items.filter((item) => store(item).id !== null);
  const fresh = items.filter((item) => store(item).id === null);
  const ids = uuid7Batch(fresh.length);
  const found = what === 'remote' ? local.remotes : local.repositories;
  const names = new Set(found.map(({ name }) => name));
  const rows = fresh.map((item, at) => ({ item, id: ids[at]!, name: freeName(names, store(item).name, ids[at]!) }));
  if (what === 'remote') {
    const connection = connectionOf(upstream, secrets);
    await insertRemotes(
      tx,
      upstream.domainId,
      rows.map((row) => newRemote(row, upstream.id)),
      connection,
    );
    await updateRemotes(tx, there.map(stagedRemote), connection);
  } else {
    await insertRepositories(
      tx,
      upstream.domainId,
      rows.map((row) => newRepository(row, upstream.id)),
    );
    // Only what the sync needs: the rest changes with the switch.
    await mergeDetails(
      tx,
      there.map(({ wanted, repository }) => ({ id: repository!.id!, details: wanted!.repository.details })),
    );
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

function newRemote({ item, id, name }: Fresh, upstreamId: string): NewRemote {
  const { remote, remoteType, labels } = item.wanted!;
  const { url, policy = DEFAULT_POLICY, details } = remote;
  return { id, name, type: remoteType, labels: ownLabels(labels, upstreamId), url, policy, details };
}

/** Their names and labels change with the switch. */
function stagedRemote({ wanted, remote }: PlanItem): StagedRemote {
  const { url, policy = null, details } = wanted!.remote;
  return { id: remote!.id!, url, policy, details };
}

function connectionOf({ settings }: Upstream, secrets: Secrets): Connection {
  return new Map(
    CONNECTION_NAMES.map((name) => {
      const stored = storedValue(name, settings[name] ?? null, secrets);
      return [name, sql`${stored}::${sql.raw(columnType(name))}`];
    }),
  );
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
