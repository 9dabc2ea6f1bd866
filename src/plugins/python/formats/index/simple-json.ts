/** Writes the JSON pages of a simple index (PEP 691, 700, 714, 740). */
import { INDEX_VERSION, type IndexFile, type IndexProject, LAST_SERIAL } from './index-file.ts';

const META = { 'api-version': INDEX_VERSION, '_last-serial': LAST_SERIAL };
/** Since 1.1 every file has a size (PEP 700), which pages of upstream do not always tell. */
const META_WITHOUT_SIZES = { ...META, 'api-version': '1.0' };

/** The list of all projects. */
export function writeIndexJson(projects: Iterable<IndexProject>): string {
  const list = Array.from(projects, ({ name }) => ({ name, '_last-serial': LAST_SERIAL }));
  return JSON.stringify({ meta: META, projects: list });
}

/** The files of a project and its versions. */
export function writeProjectJson(normalized: string, files: readonly IndexFile[], versions: readonly string[]): string {
  const meta = files.every(({ size }) => size !== null) ? META : META_WITHOUT_SIZES;
  return JSON.stringify({ meta, name: normalized, files: files.map(fileObject), versions });
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
    ...(file.size !== null && { size: file.size }),
    ...(file.uploadTime !== null && { 'upload-time': file.uploadTime }),
    provenance: file.provenance,
  };
}
