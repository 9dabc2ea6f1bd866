/** The manifest of file repositories: a line `<path>,<sha256>,<size>` for each file. */

export interface ManifestEntry {
  readonly relativePath: string;
  readonly sha256: string;
  readonly size: number;
}

const DIGEST = /^[0-9a-fA-F]{64}$/;
const SIZE = /^\d{1,15}$/;

/** One line of a manifest with its end. */
export function manifestLine({ relativePath, sha256, size }: ManifestEntry): string {
  return `${relativePath},${sha256},${size}\n`;
}

/**
 * Reads a manifest piece by piece, a batch of entries for each. Empty lines and those that begin with # are skipped; fields are split
 * from the right, so that a path may have commas.
 */
export async function* parseManifest(source: AsyncIterable<Uint8Array>): AsyncGenerator<ManifestEntry[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false });
  let rest = '';
  let number = 0;
  for await (const piece of source) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (lines.length > 0) yield entriesOf(lines, number);
    number += lines.length;
  }
  const last = rest + decoder.decode();
  if (last !== '') yield entriesOf([last], number);
}

function entriesOf(lines: readonly string[], before: number): ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  lines.forEach((text, at) => {
    const line = text.trim();
    if (line !== '' && !line.startsWith('#')) entries.push(parseLine(line, before + at + 1));
  });
  return entries;
}

function parseLine(line: string, number: number): ManifestEntry {
  const second = line.lastIndexOf(',');
  const first = line.lastIndexOf(',', second - 1);
  const relativePath = line.slice(0, first).trim();
  const sha256 = line.slice(first + 1, second).trim();
  const size = line.slice(second + 1).trim();
  if (first < 1 || second < 1 || !isPath(relativePath) || !DIGEST.test(sha256) || !SIZE.test(size)) {
    throw new ManifestError(number);
  }
  return { relativePath, sha256: sha256.toLowerCase(), size: Number(size) };
}

/** Components without empty ones; `.` and `..` would lead out of the directory of the manifest. */
function isPath(path: string): boolean {
  if (path === '' || path.includes('\0')) return false;
  if (!path.startsWith('.') && !path.includes('/')) return true;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

export class ManifestError extends Error {
  constructor(line: number) {
    super(
      `Error: Parsing of the manifest file failed on line:${line}.\n` +
        'Please make sure the remote URL is pointing to a valid manifest file.\n' +
        'The manifest file should be composed of lines in the following format: <relative_path>,<digest>,<size>.',
    );
    this.name = 'ManifestError';
  }
}
