/** Guards the arrows of the architecture: which folder may import which (type imports count), and sizes of files and folders. */
import assert from 'node:assert/strict';
import { globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { importsOf, sources, src, textOf } from './imports.ts';

/** Layers from the bottom; a folder may import its own and every lower layer. Folders of one layer do not know each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['lib'],
  ['config'],
  ['db', 'storage', 'download'],
  ['model'],
  ['plugin-api'],
  ['tasking', 'plugins'],
  ['access'],
  ['content-app', 'engines/backup', 'engines/repository'],
  ['engines/publish', 'engines/sync', 'engines/upload'],
  ['engines/replication', 'engines/export-import'],
  ['api'],
  ['app'],
  ['cli'],
];

/** What some folders do without though their layer would let them. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  plugins: ['plugin-api', 'lib'],
  cli: ['app', 'engines/backup', 'db', 'config', 'lib'],
};
const NEVER: readonly (readonly [from: string, to: string])[] = [
  ['api', 'plugins'],
  ['api', 'content-app'],
  ['access', 'plugins'],
  ['engines', 'plugins'],
  ['engines', 'content-app'],
  ['engines', 'engines/backup'],
  ['engines/replication', 'engines/publish'],
  ['engines/replication', 'engines/upload'],
  ['engines/export-import', 'engines/publish'],
  ['engines/export-import', 'engines/sync'],
  ['engines/export-import', 'engines/upload'],
  ['content-app', 'plugins'],
];

const MOST_ENTRIES = 20;

const isIn = (folder: string, name: string) => folder === name || folder.startsWith(`${name}/`);

function folderOf(file: string): string {
  const [first, second] = file.split('/');
  return first === 'engines' ? `${first}/${second}` : first!;
}

const layerOf = (folder: string) => LAYERS.findIndex((layer) => layer.includes(folder));

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (ONLY[from]) return ONLY[from].includes(to);
  if (NEVER.some(([above, below]) => isIn(from, above) && isIn(to, below))) return false;
  return layerOf(to) < layerOf(from);
}

test('the regular expression finds the imports of this project', () => {
  const all = sources.flatMap(importsOf);
  assert.ok(all.length > sources.length, 'hardly any import was found');
});

test('every folder has its layer', () => {
  const folders = new Set(sources.filter((file) => file !== 'main.ts').map(folderOf));
  assert.deepEqual([...folders].sort(), LAYERS.flat().sort());
});

test('imports follow the arrows', () => {
  const wrong = sources
    .filter((file) => file !== 'main.ts')
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => !mayImport(folderOf(file), folderOf(target)))
        .map((target) => `${file} imports ${target}`),
    );
  assert.deepEqual(wrong, []);
});

test('package types do not import one another', () => {
  const wrong = sources
    .filter((file) => file.startsWith('plugins/'))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('plugins/') && target.split('/')[1] !== file.split('/')[1])
        .map((target) => `${file} imports ${target}`),
    );
  assert.deepEqual(wrong, []);
});

test('files stay small enough to read', () => {
  const long = sources
    .map((file) => [file, textOf(file).split('\n').length] as const)
    .filter(([, lines]) => lines > 400);
  assert.deepEqual(long, []);
});

test('folders stay small enough to take in', () => {
  const folders = ['.', ...globSync('**/', { cwd: src })];
  const crowded = folders
    .map((folder) => [folder, readdirSync(join(src, folder)).length] as const)
    .filter(([, entries]) => entries > MOST_ENTRIES);
  assert.deepEqual(crowded, []);
});

test('every file opens with a sentence that says what it is for', () => {
  const silent = sources.filter((file) => !/^(#!.*\n)?\/\*\*/.test(textOf(file)));
  assert.deepEqual(silent, []);
});
