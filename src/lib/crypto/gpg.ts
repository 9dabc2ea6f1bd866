/** Exports public keys and verifies signatures with the system's gpg: needed for signing services only. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProgramFailed, runProgram } from '../process/run-program.ts';

export interface PublicKey {
  readonly armored: string;
  /** Of the primary key, in upper-case hex. */
  readonly fingerprint: string;
}

export interface KeyPlace {
  /** Directory of gpg; its own default otherwise. */
  readonly home?: string | undefined;
  /** File with keys. */
  readonly keyring?: string | undefined;
}

/** gpg refused; the message is its own last line. */
export class GpgError extends Error {}

/** The public key with an id or fingerprint. Throws GpgError when there is not exactly one. */
export async function exportKey(key: string, { home, keyring }: KeyPlace): Promise<PublicKey> {
  const place = [
    ...(home === undefined ? [] : ['--homedir', home]),
    ...(keyring === undefined ? [] : ['--no-default-keyring', '--keyring', keyring]),
  ];
  const listed = await gpg([...place, '--with-colons', '--fingerprint', '--list-keys', '--', key]);
  const lines = listed.split('\n').map((line) => line.split(':'));
  const primary = lines.flatMap(([kind], at) =>
    kind === 'pub' ? [lines.slice(at).find(([next]) => next === 'fpr')?.[9]] : [],
  );
  const [fingerprint] = primary;
  if (!fingerprint) throw new GpgError(`There is no key '${key}'.`);
  if (primary.length > 1) throw new GpgError(`There are several keys '${key}': name one by its fingerprint.`);
  const armored = await gpg([...place, '--armor', '--export-options', 'export-minimal', '--export', '--', fingerprint]);
  return { armored, fingerprint };
}

interface Signed {
  /** The file with the signature, or the signed file where that holds it too. */
  readonly signature: string;
  /** What was signed, where the signature is in a file of its own. */
  readonly file?: string;
}

/** Throws GpgError unless the signature is good and by this key, or one of its subkeys. */
export async function verifySignature(key: PublicKey, { signature, file }: Signed): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'verify-'));
  try {
    const keyFile = join(home, 'key.asc');
    await writeFile(keyFile, key.armored);
    await gpg(['--homedir', home, '--import', keyFile]);
    const status = await gpg([
      '--homedir',
      home,
      '--status-fd',
      '1',
      '--verify',
      '--',
      signature,
      ...(file === undefined ? [] : [file]),
    ]);
    const valid = /^\[GNUPG:\] VALIDSIG (\S+)(?: \S+){8} (\S+)$/m.exec(status);
    if (valid?.[2] !== key.fingerprint && valid?.[1] !== key.fingerprint) {
      throw new GpgError('The signature is not by the key.');
    }
  } finally {
    await runProgram('gpgconf', ['--homedir', home, '--kill', 'all']).catch(() => {});
    await rm(home, { recursive: true, force: true });
  }
}

async function gpg(args: readonly string[]): Promise<string> {
  try {
    const { code, stdout, stderr } = await runProgram('gpg', ['--batch', '--no-tty', ...args]);
    if (code === 0) return stdout;
    throw new GpgError(stderr.trim().split('\n').at(-1) ?? `gpg ended with ${code}.`);
  } catch (error) {
    if (error instanceof ProgramFailed && error.missing) {
      throw new GpgError('Signing services need the program gpg: install GnuPG on this machine.');
    }
    throw error;
  }
}
