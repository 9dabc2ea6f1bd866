/**
 * The file with the keys for secrets in the database: named by a setting, or made in the data directory. It is made for a database without
 * secrets only; for any other it has to be the file that the secrets were encrypted with.
 */
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import type { Queryable } from '../../db/queryable.ts';
import { encryptedColumns, encryptedRows } from '../../engines/backup/encrypted-columns.ts';
import { Secrets } from '../../lib/crypto/secrets.ts';
import { keyMark, replaceKeyMark, setKeyMark } from '../../model/key-mark.ts';
import { StartRefused } from './data-directory.ts';

type KeySettings = Pick<Settings, 'dbEncryptionKey' | 'data'>;

export function encryptionKeyFile(settings: KeySettings): string {
  return settings.dbEncryptionKey || join(settings.data, 'db-encryption-key');
}

/** The keys of a process whose parent has seen to it that they fit the database. */
export async function givenKeys(settings: KeySettings): Promise<Secrets> {
  const file = encryptionKeyFile(settings);
  const secrets = await Secrets.read(file);
  if (!secrets) throw new StartRefused(`The key file ${file} is gone. ${REMEDY}`);
  return secrets;
}

/**
 * The keys of the database. Makes a key file where there is none and the database has no secrets. Throws StartRefused when the file is
 * missing otherwise, and when its keys are not those of the database unless `anyKey` allows that.
 */
export async function databaseKeys(settings: KeySettings, db: Queryable, anyKey = false): Promise<Secrets> {
  const file = encryptionKeyFile(settings);
  const found = await Secrets.read(file);
  const mark = (await keyMark(db)) ?? (await anySecret(db, found));
  if (!found && mark !== undefined) throw new StartRefused(`The key file ${file} is missing. ${REMEDY}`);
  const secrets = found ?? (await Secrets.load(file));
  const fits = secrets.canRead(mark ?? (await setKeyMark(db, secrets.encrypt(MARK))));
  if (!fits && !anyKey) throw new StartRefused(`The secrets of the database cannot be read with ${file}. ${REMEDY}`);
  if (fits) await setKeyMark(db, secrets.encrypt(MARK));
  return secrets;
}

/** Gives up the secrets that no key can read any more: the file, made where it is missing, is that of the database from now on. */
export async function acceptKeys(settings: KeySettings, db: Queryable): Promise<void> {
  const secrets = await Secrets.load(encryptionKeyFile(settings));
  await replaceKeyMark(db, secrets.encrypt(MARK));
}

const MARK = 'the keys of this database';
const REMEDY =
  'The database holds secrets, which only the keys they were encrypted with can read: bring back the file from a backup, or copy it from ' +
  'another machine of this server (file db-encryption-key of its data directory). If it is lost for good, run ' +
  'deckle rotate-db-key --accept-loss and set the secrets anew.';

/** One secret of a database that has no mark yet: one that the keys can read, where there is such a one. */
async function anySecret(db: Queryable, secrets: Secrets | undefined): Promise<string | undefined> {
  let first: string | undefined;
  for (const place of encryptedColumns)
    for await (const rows of encryptedRows(db, place)) {
      const tokens = rows.flatMap((row) => Object.values(row.tokens));
      first ??= tokens[0];
      const readable = tokens.find((token) => secrets?.canRead(token));
      if (readable !== undefined) return readable;
    }
  return first;
}
