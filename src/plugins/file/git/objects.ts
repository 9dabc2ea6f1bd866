/** The objects of git that lead to files: commits, tags and trees (gitformat-pack, git-mktree). */

interface TreeEntry {
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

/** The object a commit (its tree) or an annotated tag (what it names) leads to. */
export function headerOf(bytes: Buffer, name: 'tree' | 'object'): string {
  const line = bytes.toString('latin1', 0, bytes.indexOf('\n')).split(' ');
  if (line[0] !== name || !/^[0-9a-f]{40,64}$/.test(line[1] ?? '')) throw new Error(`an object has no line '${name}'`);
  return line[1]!;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The entries of a tree; names that could lead out of it are refused. */
export function* treeEntries(bytes: Buffer, oidBytes: number): Generator<TreeEntry> {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    const next = end + 1 + oidBytes;
    if (space < 0 || end < 0 || next > bytes.length) throw new Error('a tree is not complete');
    const name = nameOf(bytes.subarray(space + 1, end));
    yield { mode: bytes.toString('latin1', at, space), name, oid: bytes.toString('hex', end + 1, next) };
    at = next;
  }
}

function nameOf(bytes: Buffer): string {
  let name: string;
  try {
    name = utf8.decode(bytes);
  } catch {
    throw new Error(`the name of a file is not UTF-8: ${bytes.toString('latin1')}`);
  }
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw new Error(`a tree has an entry with the name '${name}'`);
  }
  return name;
}

export const isDirectory = ({ mode }: TreeEntry): boolean => mode === '40000' || mode === '040000';
/** Submodules name commits of other repositories. */
export const isSubmodule = ({ mode }: TreeEntry): boolean => mode === '160000';
