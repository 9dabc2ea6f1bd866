/** All files of a commit with their paths, in the order of git. */

import type { Snapshot } from './find-commit.ts';
import { headerOf, isDirectory, isSubmodule, treeEntries } from './objects.ts';

export interface GitFile {
  readonly path: string;
  readonly oid: string;
  readonly size: number;
}

/** Deeper directories than any file system has would only be there to exhaust the stack. */
const MOST_DEPTH = 2000;

/** Symbolic links are files with the path they lead to, as git keeps them. Submodules are left out. */
export async function* walkTree({ commit, pack }: Snapshot): AsyncGenerator<GitFile> {
  yield* walk(headerOf(await pack.read(commit), 'tree'), '', 0);

  async function* walk(tree: string, prefix: string, depth: number): AsyncGenerator<GitFile> {
    if (depth > MOST_DEPTH) throw new Error(`directories are nested more than ${MOST_DEPTH} deep`);
    for (const entry of treeEntries(await pack.read(tree), pack.format === 'sha1' ? 20 : 32)) {
      const path = `${prefix}${entry.name}`;
      if (isDirectory(entry)) yield* walk(entry.oid, `${path}/`, depth + 1);
      else if (!isSubmodule(entry)) yield { path, oid: entry.oid, size: sizeOf(entry.oid, path) };
    }
  }

  function sizeOf(oid: string, path: string): number {
    const found = pack.find(oid);
    if (found?.type !== 'blob') throw new Error(`the pack lacks the file ${path}`);
    return found.size;
  }
}
