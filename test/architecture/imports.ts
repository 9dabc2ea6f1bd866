/** The source files of the project and what each imports (type imports count), for the tests of the structure. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');
export const src = join(root, 'src');

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*?(?:from\s*)?['"](\.{1,2}\/[^'"]+)['"]|\bimport\(['"](\.{1,2}\/[^'"]+)['"]\)/g;
const MULTILINE_IMPORT = /\bfrom\s+['"](\.{1,2}\/[^'"]+)['"]/g;

/** Files of the program below src/, without tests. */
export const sources = globSync('**/*.ts', { cwd: src }).filter((file) => !file.endsWith('.test.ts'));

export const textOf = (file: string) => readFileSync(join(src, file), 'utf8');

/** What a file imports of the project, as paths below src/. */
export function importsOf(file: string): string[] {
  const text = textOf(file);
  const found = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!);
  const more = [...text.matchAll(MULTILINE_IMPORT)].map((match) => match[1]!);
  return [...new Set([...found, ...more])].map((target) => relative(src, join(src, dirname(file), target)));
}
