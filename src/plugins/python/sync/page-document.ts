/** What the page of a project tells, where upstream has no document of it: indexes of plain files have pages alone. */
import { packageTypeOf, pythonVersionOf, versionOf } from '../formats/filename.ts';
import type { IndexFile } from '../formats/index/index-file.ts';
import type { ProjectDocument, ReleaseFile } from '../formats/index/project-json.ts';
import { normalizeName } from '../formats/project-name.ts';
import { UpstreamRefusal } from './upstream-answer.ts';

/**
 * The files with a SHA-256, by which units are known. Undefined where the page has no packages; throws UpstreamRefusal where it tells
 * the SHA-256 of none of them.
 */
export function pageDocument(name: string, page: readonly IndexFile[]): ProjectDocument | undefined {
  const packages = page.filter(({ filename }) => packageTypeOf(filename) !== undefined);
  if (packages.length === 0) return undefined;
  const files = packages.map(fileOf).filter((file) => file !== undefined);
  if (files.length === 0) throw new UpstreamRefusal(`The page of ${name} tells the SHA-256 of none of its files.`);
  const releases = Map.groupBy(files, ({ filename }) => versionOf(filename, normalizeName(name)));
  return { info: { name }, releases };
}

function fileOf(file: IndexFile): ReleaseFile | undefined {
  const { filename, url, requiresPython, size, yanked } = file;
  const { sha256 = '' } = file.hashes;
  const packagetype = packageTypeOf(filename)!;
  if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  const python = pythonVersionOf(filename, packagetype);
  return {
    filename,
    url,
    packagetype,
    python_version: python,
    requires_python: requiresPython ?? '',
    sha256,
    size,
    yanked,
  };
}
