/** Encrypts all secrets of the database anew with the first key of the key file. */
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';
import { type EncryptedColumn, type EncryptedRow, encryptedColumns, encryptedRows } from './encrypted-columns.ts';

interface Rotation {
  /** Values that had another key or form; with `dryRun` they still have. */
  readonly rotated: number;
  /** Values that have the first key already. */
  readonly current: number;
  /** `table.column` of values that no key can read. */
  readonly unreadable: readonly string[];
}

/** May run while the server works: a value that somebody changes meanwhile is left as it is then. */
export async function rotateKeys(db: Database, secrets: Secrets, dryRun: boolean): Promise<Rotation> {
  const rotator = new Rotator(db, secrets, dryRun);
  for (const place of encryptedColumns) {
    for await (const rows of encryptedRows(db, place)) await rotator.take(place, rows);
  }
  return rotator;
}

class Rotator implements Rotation {
  rotated = 0;
  current = 0;
  readonly unreadable: string[] = [];
  readonly #db: Database;
  readonly #secrets: Secrets;
  readonly #dryRun: boolean;

  constructor(db: Database, secrets: Secrets, dryRun: boolean) {
    this.#db = db;
    this.#secrets = secrets;
    this.#dryRun = dryRun;
  }

  async take(place: EncryptedColumn, rows: readonly EncryptedRow[]): Promise<void> {
    const changes = rows
      .map(({ key, tokens }) => ({ key, old: this.#outdated(place, tokens) }))
      .filter(({ old }) => Object.keys(old).length > 0)
      .map(({ key, old }) => ({ key, old, new: this.#renewed(old) }));
    if (changes.length > 0 && !this.#dryRun) await this.#write(place, changes);
  }

  #outdated(place: EncryptedColumn, tokens: Readonly<Record<string, string>>): Record<string, string> {
    const old: Record<string, string> = {};
    for (const [name, token] of Object.entries(tokens)) {
      if (!this.#secrets.canRead(token)) this.unreadable.push(`${place.table}.${place.column}`);
      else if (this.#secrets.needsRotation(token)) old[name] = token;
      else this.current++;
    }
    this.rotated += Object.keys(old).length;
    return old;
  }

  #renewed(old: Readonly<Record<string, string>>): Record<string, string> {
    const renew = ([name, token]: [string, string]) => [name, this.#secrets.encrypt(this.#secrets.decrypt(token))];
    return Object.fromEntries(Object.entries(old).map(renew));
  }

  async #write(place: EncryptedColumn, changes: readonly object[]): Promise<void> {
    const [table, key, column] = [sql.ident(place.table), sql.ident(place.key), sql.ident(place.column)];
    const given = sql`jsonb_to_recordset(${sql.json(changes)}) as given (key uuid, old jsonb, new jsonb)`;
    const update = place.within
      ? sql`set ${column} = t.${column} || given.new from ${given} where t.${key} = given.key and t.${column} @> given.old`
      : sql`set ${column} = given.new ->> ${place.column} from ${given}
          where t.${key} = given.key and t.${column} = given.old ->> ${place.column}`;
    await this.#db.run(sql`update ${table} t ${update}`);
  }
}
