/** Adds signing services after trying them out, and removes them. */
import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Database } from '../../db/database.ts';
import { exportKey, GpgError, type KeyPlace, type PublicKey, verifySignature } from '../../lib/crypto/gpg.ts';
import { messageOf } from '../../lib/errors.ts';
import {
  deleteSigningService,
  insertSigningService,
  type SigningService,
  signingServiceNames,
} from '../../model/signing-service.ts';
import { DETACHED, runSigningScript, type SigningClass } from '../../plugin-api/toolkit/signing.ts';
import type { Program } from '../program/program.ts';
import { OperatorError } from './operator-error.ts';

export { signingServiceNames };
/** What a service makes unless told. */
export const USUAL_CLASS = DETACHED;

interface NewSigningService extends KeyPlace {
  readonly name: string;
  readonly script: string;
  /** Id or fingerprint. */
  readonly key: string;
  readonly class?: string | undefined;
}

const detached: SigningClass = {
  name: DETACHED,
  async check({ signature }, { file, verify }) {
    if (typeof signature !== 'string') throw new OperatorError("The script does not tell the file of the 'signature'.");
    await verify({ signature, file });
  },
};

/** Answers the fingerprint of the key. Throws with a message for the operator; then nothing was added. */
export async function addSigningService(db: Database, { plugins }: Program, given: NewSigningService): Promise<string> {
  const classes = [detached, ...plugins.flatMap((plugin) => plugin.signing ?? [])];
  const wanted = given.class ?? USUAL_CLASS;
  const chosen = classes.find(({ name }) => name === wanted);
  if (!chosen)
    throw new OperatorError(`There is no class ${wanted}; there are ${classes.map(({ name }) => name).join(', ')}.`);
  await requireScript(given.script);
  const key = await keyOf(given);
  const { fingerprint } = key;
  const service = { name: given.name, class: wanted, publicKey: key.armored, fingerprint, script: given.script };
  await tryOut(service, key, chosen);
  if (!(await insertSigningService(db, service)))
    throw new OperatorError(`There is a signing service ${given.name} already.`);
  return fingerprint;
}

async function keyOf(given: NewSigningService): Promise<PublicKey> {
  try {
    return await exportKey(given.key, given);
  } catch (error) {
    throw error instanceof GpgError ? new OperatorError(error.message) : error;
  }
}

async function requireScript(path: string): Promise<void> {
  if (!isAbsolute(path)) throw new OperatorError(`Name the script by its absolute path, not as ${path}.`);
  const found = await stat(path).catch(() => undefined);
  const runs = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!found?.isFile() || !runs) throw new OperatorError(`${path} is not a program that can be run.`);
}

async function tryOut(service: Omit<SigningService, 'pulpId'>, key: PublicKey, { check }: SigningClass): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sign-'));
  try {
    const file = join(directory, 'file');
    await writeFile(file, randomBytes(32).toString('hex'));
    const answer = await runSigningScript(service, file);
    await check(answer, { file, verify: (signed) => verifySignature(key, signed) });
  } catch (error) {
    throw new OperatorError(`The script does not sign as it should: ${messageOf(error)}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Throws when there is none of that name, and class where one is told. */
export async function removeSigningService(db: Database, name: string, ofClass: string | undefined): Promise<void> {
  if (await deleteSigningService(db, name, ofClass)) return;
  throw new OperatorError(`There is no signing service ${name}${ofClass === undefined ? '' : ` of class ${ofClass}`}.`);
}
