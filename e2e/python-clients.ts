/** Python environments with published clients, each made once for a set of versions and kept in a cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stamp = 'clients-installed';

/** The clients cannot be had on this machine; the message says why. */
export class NoClients extends Error {}

/** `bin` directory of the environment with what a file of requirements names. Throws NoClients. */
export function installClients(cache: string, file: string): string {
  const requirements = join(import.meta.dirname, file);
  const version = run('python3', ['--version'], 'Python 3 is needed for the published clients');
  const key = createHash('sha256').update(version).update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const directory = join(cache, key);
  const bin = join(directory, 'bin');
  if (existsSync(join(directory, stamp))) return bin;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  run('python3', ['-m', 'venv', directory], 'An environment cannot be made (on Debian: apt install python3-venv)');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  run(join(bin, 'python'), pip, 'The clients cannot be installed from the package registry');
  writeFileSync(join(directory, stamp), '');
  return bin;
}

function run(command: string, words: readonly string[], problem: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', timeout: 600_000 });
  if (status === 0) return stdout;
  const reason = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new NoClients(`${problem}: ${reason}`);
}

/** Where tests find the environments: of clients of the API, and of those that install and publish packages. */
export const clientsVariable = 'DECKLE_E2E_CLIENTS';
export const installersVariable = 'DECKLE_E2E_INSTALLERS';
