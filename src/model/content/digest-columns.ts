/** The digest columns that artifacts and remote artifacts share: hex outside, bytes in the database. */
import { type Sql, sql } from '../../db/sql.ts';
import { DIGEST_NAMES, type DigestName, type Digests } from '../../lib/crypto/digest.ts';

/** A digest as the text form of bytea; null when it is not known. */
export function byteaText(hex: string | null | undefined): string | null {
  return hex ? `\\x${hex}` : null;
}

/** The digest columns in their fixed order, for COPY. */
export function digestValues(digests: Digests | undefined): (string | null)[] {
  return DIGEST_NAMES.map((name) => byteaText(digests?.[name]));
}

/** `encode(a.md5, 'hex') as md5, …` for the alias of a table. */
export function digestSelect(alias: string): Sql {
  return sql.raw(DIGEST_NAMES.map((name) => `encode(${alias}.${name}, 'hex') as ${name}`).join(', '));
}

/** What `digestSelect` adds to a row. */
export type DigestColumns = { readonly [name in DigestName]?: unknown };

/** The digests of a selected row that are known. */
export function digestsOfRow(row: DigestColumns): Digests {
  const digests: Digests = {};
  for (const name of DIGEST_NAMES) if (typeof row[name] === 'string') digests[name] = row[name];
  return digests;
}
