/** All places of the database that hold encrypted values: for changing keys, and for finding out whether the keys fit. */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { SECRET_NAMES } from '../../download/connection-settings.ts';

/** A column of text tokens, or a column of JSON objects with tokens among their values. */
export interface EncryptedColumn {
  readonly table: string;
  /** Column by which rows are told apart. */
  readonly key: string;
  readonly column: string;
  /** The column holds JSON objects. */
  readonly within?: true;
}

const of = (table: string, columns: readonly string[], key = 'pulp_id'): EncryptedColumn[] =>
  columns.map((column) => ({ table, key, column }));
const details = (table: string): EncryptedColumn => ({ table, key: 'pulp_id', column: 'details', within: true });

/** A table that gets an encrypted column is named here; test/backup/encrypted-columns.test.ts finds those that are not. */
export const encryptedColumns: readonly EncryptedColumn[] = [
  ...of('key_mark', ['token']),
  ...of('domain', ['storage_secrets']),
  ...of('content_guard', ['secrets']),
  ...of('remote', SECRET_NAMES),
  ...of('task', ['arguments']),
  ...of('task_schedule', ['arguments']),
  ...of('webhook', ['secret']),
  ...of('upstream_pulp', SECRET_NAMES),
  ...['content_guard', 'remote', 'repository', 'distribution', 'publication', 'alternate_content_source'].map(details),
];

/** What every token begins with: ours, and Pulp's. */
export const TOKEN = '(v1:[0-9a-f]{8}:|gAAAA)';

/** The tokens of a row: by name within a JSON column, else under the name of the column. */
export interface EncryptedRow {
  readonly key: string;
  readonly tokens: Readonly<Record<string, string>>;
}

const FIRST_KEY = '00000000-0000-0000-0000-000000000000';
const BATCH = 500;
const isToken = new RegExp(`^${TOKEN}`);

/** All rows with tokens in a place, in batches; the database is read as it is when each batch is asked for. */
export async function* encryptedRows(db: Queryable, place: EncryptedColumn): AsyncGenerator<EncryptedRow[]> {
  const [table, key, column] = [sql.ident(place.table), sql.ident(place.key), sql.ident(place.column)];
  const holds = place.within ? sql`${column}::text ~ ${`"${TOKEN}`}` : sql`${column} ~ ${`^${TOKEN}`}`;
  for (let after = FIRST_KEY; ; ) {
    const rows = await db.rows<{ key: string; value: unknown }>(sql`
      select ${key}::text as key, ${column} as value from ${table}
        where ${key} > ${after}::uuid and ${holds} order by ${key} limit ${BATCH}`);
    if (rows.length > 0) yield rows.map((row) => ({ key: row.key, tokens: tokensOf(place, row.value) }));
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.key;
  }
}

function tokensOf({ column, within }: EncryptedColumn, value: unknown): Record<string, string> {
  const candidates = within ? Object.entries(value as object) : [[column, value] as const];
  return Object.fromEntries(
    candidates.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && isToken.test(entry[1])),
  );
}
