/** Runs the tests: `unit` (beside the code), `feature` (under test/), or files and folders; all of them unless told. */
import { globSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { postgresVariable, startTestPostgres } from '../test/support/postgres.ts';
import { closingLines, report } from './test-reporter.ts';

const root = resolve(import.meta.dirname, '..');
const patterns = {
  unit: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
  feature: ['test/**/*.test.ts'],
};

function find(globs: readonly string[]): string[] {
  return globSync([...globs], { cwd: root }).map((file) => join(root, file));
}

function select(argument: string): string[] {
  if (argument === 'unit' || argument === 'feature') return find(patterns[argument]);
  const path = resolve(argument);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return [path];
  // A folder, or a word that is part of the path.
  const all = find([...patterns.unit, ...patterns.feature]);
  const below = all.filter((file) => file.startsWith(`${path}/`));
  return below.length > 0 ? below : all.filter((file) => file.slice(root.length).includes(argument));
}

async function main(words: readonly string[]): Promise<number> {
  const started = performance.now();
  const files = [...new Set((words.length > 0 ? words : ['unit', 'feature']).flatMap(select))].sort();
  if (files.length === 0) {
    process.stderr.write(`No test file matches ${words.join(' ')}.\n`);
    return 1;
  }
  process.chdir(root);
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'deckle');
  const needsDatabase = files.some((file) => file.startsWith(join(root, 'test/')));
  const postgres = needsDatabase ? await startTestPostgres() : undefined;
  if (postgres) process.env[postgresVariable] = postgres.url;
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const stream = run({ files, concurrency: 2, timeout: 600_000, signal: abort.signal });
    const counts = await report(stream, (text) => process.stdout.write(text));
    process.stdout.write(closingLines(counts, performance.now() - started));
    return counts.failed > 0 || counts.cancelled > 0 || counts.tests === 0 || abort.signal.aborted ? 1 : 0;
  } finally {
    await postgres?.stop();
  }
}

process.exitCode = await main(process.argv.slice(2));
