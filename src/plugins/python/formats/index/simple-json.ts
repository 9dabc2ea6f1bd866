/** Writes the JSON pages of a simple index (PEP 691, 700, 714, 740). */
import { INDEX_VERSION, type IndexFile, type IndexProject, LAST_SERIAL } from './index-file.ts';

const META = { 'api-version': INDEX_VERSION, '_last-serial': LAST_SERIAL };

/** The list of all projects. */
export function writeIndexJson(projects: Iterable<IndexProject>): string {
  const list = Array.from(projects, ({ name }) => ({ name, '_last-serial': LAST_SERIAL }));
  return JSON.stringify({ meta: META, projects: list });
}

/** The files of a project and its versions. */
export function writeProjectJson(normalized: string, files: readonly IndexFile[], versions: readonly string[]): string {
  return JSON.stringify({ meta: META, name: normalized, files: files.map(fileObject), versions });
}

function fileObject(file: IndexFile): object {
  const metadata = file.metadata === null ? false : Object.keys(file.metadata).length === 0 || file.metadata;
  return {
    filename: file.filename,
    url: file.url,
    hashes: file.hashes,
    'requires-python': file.requiresPython || null,
    'data-dist-info-metadata': metadata,
    'core-metadata': metadata,
    yanked: file.yanked === null ? false : file.yanked || true,
    size: file.size,
    'upload-time': file.uploadTime,
    provenance: file.provenance,
  };
}
