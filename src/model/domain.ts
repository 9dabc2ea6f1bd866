/** Domains as rows: what requests, tasks and content need of them. */
import type { Queryable, Transaction } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { uuid7 } from '../lib/text/uuid7.ts';
import { announceChange } from './repositories/distribution-change.ts';

export interface DomainRow {
  readonly id: number;
  readonly pulpId: string;
  readonly name: string;
  /** Changes with the settings of its storage. */
  readonly storageStamp: string;
}

/** Expression for the stamp of the storage of the domain with this alias. */
export function storageStamp(alias: string): Sql {
  const d = sql.raw(alias);
  return sql`md5(concat_ws(' ', ${d}.storage_class, ${d}.storage_settings, ${d}.storage_secrets))`;
}

const columns = sql`d.id, d.pulp_id as "pulpId", d.name, ${storageStamp('d')} as "storageStamp"`;

export async function findDomainByName(db: Queryable, name: string): Promise<DomainRow | undefined> {
  return await db.row<DomainRow>(sql`select ${columns} from domain d where d.name = ${name}`);
}

export async function findDomainById(db: Queryable, id: number): Promise<DomainRow | undefined> {
  return await db.row<DomainRow>(sql`select ${columns} from domain d where d.id = ${id}`);
}

/** What keeps a domain from being deleted: kinds of objects that are in it, with how many there are of each. */
export async function objectsInDomain(db: Queryable, id: number): Promise<{ kind: string; count: number }[]> {
  const kinds = [
    'repository',
    'remote',
    'distribution',
    'publication',
    'content_guard',
    'alternate_content_source',
    'exporter',
    'importer',
    'upstream_pulp',
    'upload',
  ];
  const counts = kinds.map(
    (kind) =>
      sql`select ${kind.replaceAll('_', ' ')} as kind, count(*)::int8 as count from ${sql.ident(kind)} where domain_id = ${id}`,
  );
  const rows = await db.rows<{ kind: string; count: number }>(
    sql`select * from (${sql.join(counts, ' union all ')}) found where count > 0`,
  );
  return rows;
}

/** Whether a repository of the domain has content in any of its versions. */
export async function hasContentInRepositories(db: Queryable, id: number): Promise<boolean> {
  const row = await db.row(sql`select 1 from repository r
    where r.domain_id = ${id} and exists (select from repository_content rc where rc.repository_id = r.id) limit 1`);
  return row !== undefined;
}

/** The domain that is there from the start. */
export async function insertDefaultDomain(db: Queryable): Promise<void> {
  await db.run(sql`insert into domain (pulp_id, name) values (${uuid7()}, 'default') on conflict do nothing`);
}

/** `secrets` is encrypted already; null for none. */
export async function setStorageSecrets(tx: Transaction, pulpId: string, secrets: unknown): Promise<void> {
  await tx.run(sql`update domain set storage_secrets = ${secrets} where pulp_id = ${pulpId}`);
}

interface DomainStorage {
  readonly storage_class: string;
  readonly storage_settings: object;
  /** Encrypted. */
  readonly storage_secrets?: string | null | undefined;
}

/** The domain is kept in another storage from now on; the processes that serve it hear of it. */
export async function changeStorage(tx: Transaction, id: number, storage: DomainStorage): Promise<void> {
  await tx.run(sql`update domain set storage_class = ${storage.storage_class}, storage_settings = ${sql.json(storage.storage_settings)},
    storage_secrets = ${storage.storage_secrets ?? null}, pulp_last_updated = now() where id = ${id}`);
  await announceChange(tx);
}
