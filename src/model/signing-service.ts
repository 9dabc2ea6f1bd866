/** Programs that sign files: found by id, added and removed by operators. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { uuid7 } from '../lib/text/uuid7.ts';

export interface SigningService {
  readonly pulpId: string;
  readonly name: string;
  /** `core:AsciiArmoredDetachedSigningService` */
  readonly class: string;
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly script: string;
}

const COLUMNS = sql.raw(
  'pulp_id as "pulpId", name, class, public_key as "publicKey", pubkey_fingerprint as fingerprint, script',
);

export async function findSigningService(db: Queryable, pulpId: string): Promise<SigningService | undefined> {
  return await db.row<SigningService>(sql`select ${COLUMNS} from signing_service where pulp_id = ${pulpId}`);
}

export async function signingServiceNames(db: Queryable): Promise<string[]> {
  return (await db.rows<{ name: string }>(sql`select name from signing_service order by name`)).map(({ name }) => name);
}

/** False when there is one of that name. */
export async function insertSigningService(db: Queryable, service: Omit<SigningService, 'pulpId'>): Promise<boolean> {
  const made = await db.run(sql`
    insert into signing_service (pulp_id, name, class, public_key, pubkey_fingerprint, script)
      values (${uuid7()}, ${service.name}, ${service.class}, ${service.publicKey}, ${service.fingerprint}, ${service.script})
      on conflict (name) do nothing`);
  return made === 1;
}

/** False when there is none of that name, and class where one is told. */
export async function deleteSigningService(db: Queryable, name: string, ofClass?: string): Promise<boolean> {
  const condition = ofClass === undefined ? sql.empty : sql` and class = ${ofClass}`;
  return (await db.run(sql`delete from signing_service where name = ${name}${condition}`)) === 1;
}
