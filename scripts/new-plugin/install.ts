/** Writes a new package type into the source tree and adds it to the lists of what is installed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Names, Options } from './fill-template.ts';

const root = join(import.meta.dirname, '..', '..');
const PLUGINS = 'src/app/installed-plugins.ts';
const SETTINGS = 'src/app/installed-settings.ts';

/** Answers the paths that were written and changed. Throws where a list has another form than expected. */
export function install(
  { name, camel }: Names,
  { settings }: Pick<Options, 'settings'>,
  files: ReadonlyMap<string, string>,
): string[] {
  const changed = new Map(files);
  changed.set(
    PLUGINS,
    addedTo(PLUGINS, `${camel}Plugin`, `../plugins/${name}/plugin.ts`, /(= \[[^\]]*?),?\s*\];/, '];'),
  );
  if (settings) {
    const list = /(pluginSettings: Declarations = \{[^}]*?),?\s*\};/;
    changed.set(SETTINGS, addedTo(SETTINGS, `${camel}Settings`, `../plugins/${name}/settings.ts`, list, '};', '...'));
  }
  for (const [path, text] of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  format([...changed.keys()].filter((path) => path.endsWith('.ts')));
  return [...changed.keys()];
}

/** The text of a list with one import and one entry more. */
function addedTo(path: string, value: string, from: string, list: RegExp, end: string, spread = ''): string {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = text.lastIndexOf('\nimport ');
  if (imports < 0 || !list.test(text)) throw new Error(`${path} is not a list of imports and one of values`);
  const added = `${text.slice(0, imports)}\nimport { ${value} } from '${from}';${text.slice(imports)}`;
  return added.replace(list, `$1, ${spread}${value} ${end}`);
}

/** Lines break by the lengths of names, and imports are in the order of theirs. */
function format(files: readonly string[]): void {
  const biome = join(root, 'node_modules', '.bin', 'biome');
  const { status, stderr } = spawnSync(biome, ['check', '--write', ...files], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The new files could not be formatted: ${stderr}`);
}
