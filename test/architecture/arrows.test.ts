/** Guards the arrows of the architecture: which folder may import which (type imports count), and sizes of files. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const src = join(root, 'src');

/** Layers from the top; a folder may import its own and any layer below. Engines of one layer do not know each other unless said. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  config: ['lib'],
  db: ['config', 'lib'],
  storage: ['config', 'lib'],
  download: ['config', 'lib'],
  model: ['db', 'storage', 'download', 'config', 'lib'],
  'plugin-api': ['model', 'db', 'storage', 'download', 'config', 'lib'],
  tasking: ['plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  access: ['tasking', 'plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  repository: ['tasking', 'access', 'plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  publish: ['repository', 'tasking', 'access', 'plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  sync: ['repository', 'tasking', 'access', 'plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  upload: ['repository', 'tasking', 'access', 'plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  replication: [
    'repository',
    'sync',
    'tasking',
    'access',
    'plugin-api',
    'model',
    'db',
    'storage',
    'download',
    'config',
    'lib',
  ],
  'export-import': [
    'repository',
    'tasking',
    'access',
    'plugin-api',
    'model',
    'db',
    'storage',
    'download',
    'config',
    'lib',
  ],
  backup: ['tasking', 'access', 'plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  'content-app': ['access', 'tasking', 'plugin-api', 'model', 'db', 'storage', 'download', 'config', 'lib'],
  api: [
    'sync',
    'publish',
    'upload',
    'repository',
    'replication',
    'export-import',
    'backup',
    'tasking',
    'access',
    'plugin-api',
    'model',
    'db',
    'storage',
    'download',
    'config',
    'lib',
  ],
  plugins: ['plugin-api', 'lib'],
  app: [
    'plugins',
    'api',
    'content-app',
    'sync',
    'publish',
    'upload',
    'repository',
    'replication',
    'export-import',
    'backup',
    'tasking',
    'access',
    'plugin-api',
    'model',
    'db',
    'storage',
    'download',
    'config',
    'lib',
  ],
  cli: ['app', 'backup', 'db', 'config', 'lib'],
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*?(?:from\s*)?['"](\.{1,2}\/[^'"]+)['"]|\bimport\(['"](\.{1,2}\/[^'"]+)['"]\)/g;
const MULTILINE_IMPORT = /\bfrom\s+['"](\.{1,2}\/[^'"]+)['"]/g;

const sources = globSync('**/*.ts', { cwd: src }).filter((file) => !file.endsWith('.test.ts'));

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!);
  const more = [...text.matchAll(MULTILINE_IMPORT)].map((match) => match[1]!);
  return [...new Set([...found, ...more])];
}

const folderOf = (file: string) => file.split('/')[0]!;

test('the regular expression finds the imports of this project', () => {
  const all = sources.flatMap(importsOf);
  assert.ok(all.length > sources.length, 'hardly any import was found');
});

test('imports follow the arrows', () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const from = folderOf(file);
    if (from === 'main.ts') continue;
    for (const target of importsOf(file)) {
      const to = folderOf(relative(src, join(src, dirname(file), target)));
      if (to === from || ALLOWED[from]?.includes(to)) continue;
      wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('package types do not import one another', () => {
  const wrong = sources
    .filter((file) => file.startsWith('plugins/'))
    .flatMap((file) =>
      importsOf(file)
        .map((target) => relative(src, join(src, dirname(file), target)))
        .filter((target) => target.startsWith('plugins/') && target.split('/')[1] !== file.split('/')[1])
        .map((target) => `${file} imports ${target}`),
    );
  assert.deepEqual(wrong, []);
});

test('files stay small enough to read', () => {
  const long = sources
    .map((file) => [file, readFileSync(join(src, file), 'utf8').split('\n').length] as const)
    .filter(([, lines]) => lines > 400);
  assert.deepEqual(long, []);
});

test('every file opens with a sentence that says what it is for', () => {
  const silent = sources.filter((file) => !/^(#!.*\n)?\/\*\*/.test(readFileSync(join(src, file), 'utf8')));
  assert.deepEqual(silent, []);
});
