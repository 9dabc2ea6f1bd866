/** Runs the published clients against a started server, in all tests or those named; with --if-possible it is no failure that they cannot be had here. */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clientsVariable, installClients, installersVariable, NoClients } from '../e2e/python-clients.ts';

const root = resolve(import.meta.dirname, '..');
const ifPossible = process.argv.includes('--if-possible');
const cache = process.env.XDG_CACHE_HOME
  ? join(process.env.XDG_CACHE_HOME, 'deckle', 'e2e')
  : join(root, 'node_modules', '.cache', 'e2e');

function main(): number {
  try {
    process.stdout.write('Installing the published clients …\n');
    process.env[clientsVariable] = installClients(cache, 'requirements.txt');
    process.env[installersVariable] = installClients(cache, 'installers.txt');
  } catch (error) {
    if (!(error instanceof NoClients)) throw error;
    process.stdout.write(`${ifPossible ? 'SKIPPED' : 'FAILED'} e2e: ${error.message}\n`);
    return ifPossible ? 0 : 1;
  }
  const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const all = globSync('e2e/*.test.ts', { cwd: root }).map((file) => join(root, file));
  const files = all.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'run-tests.ts'), ...files], {
    stdio: 'inherit',
  });
  return status ?? 1;
}

process.exitCode = main();
