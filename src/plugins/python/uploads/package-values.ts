/** The values of a package's row, from the file itself or from what upstream tells of its project. */
import type { Values } from '../../../plugin-api/index.ts';
import type { PackageFacts } from '../formats/archives/read-package.ts';
import type { ReleaseFile } from '../formats/index/project-json.ts';
import { pythonJson } from '../formats/index/python-json.ts';
import { normalizeName } from '../formats/project-name.ts';

export interface FileFacts {
  readonly filename: string;
  readonly size: number;
  readonly sha256: string;
  readonly metadata_sha256: string | null;
}

const LISTS = [
  'classifiers',
  'requires_dist',
  'requires_external',
  'provides_dist',
  'provides_extras',
  'obsoletes_dist',
  'dynamic',
  'license_file',
] as const;

const TEXTS = [
  'metadata_version',
  'summary',
  'description',
  'description_content_type',
  'keywords',
  'home_page',
  'download_url',
  'author',
  'author_email',
  'maintainer',
  'maintainer_email',
  'license',
  'license_expression',
] as const;

/** From a file. Lists are kept as JSON text, as clients know them; platforms stay empty. */
export function packageValues({ metadata, packagetype, python_version }: PackageFacts, file: FileFacts): Values {
  const { project_urls: urls } = metadata;
  return {
    ...file,
    packagetype,
    python_version,
    name: metadata.name,
    name_normalized: normalizeName(metadata.name),
    version: metadata.version,
    ...Object.fromEntries(TEXTS.map((name) => [name, metadata[name]])),
    ...Object.fromEntries(LISTS.map((name) => [name, pythonJson(metadata[name])])),
    requires_python: metadata.requires_python,
    project_urls: urls.length > 0 ? pythonJson(urls) : '{}',
    project_url: '',
    platform: '',
    supported_platform: '',
  };
}

/** Text columns that come from the project's document beside those of metadata files. */
const INFO_TEXTS = [...TEXTS, 'project_url', 'platform', 'supported_platform'] as const;

/** From the document of a project: what is told there of the newest release counts for all files, as in Pulp. */
export function syncedValues(
  info: Readonly<Record<string, unknown>>,
  version: string,
  file: ReleaseFile,
  metadataSha256: string | null,
): Values {
  return { ...projectValues(info), ...fileValues(version, file, metadataSha256) };
}

/** The part of the values that all files of a project share. A list that is null is told as null, one that is left out as empty. */
export function projectValues(info: Readonly<Record<string, unknown>>): Values {
  const name = textOf(info.name);
  return {
    name,
    name_normalized: normalizeName(name),
    ...Object.fromEntries(INFO_TEXTS.map((key) => [key, textOf(info[key])])),
    ...Object.fromEntries(LISTS.map((key) => [key, pythonJson(info[key] === undefined ? [] : info[key])])),
    project_urls: pythonJson(info.project_urls === undefined ? {} : info.project_urls),
  };
}

/** The part of the values that is each file's own. */
export function fileValues(version: string, file: ReleaseFile, metadataSha256: string | null): Values {
  const { filename, packagetype, python_version, requires_python, sha256, size } = file;
  return {
    filename,
    packagetype,
    python_version,
    requires_python,
    sha256,
    size: size ?? 0,
    version,
    metadata_sha256: metadataSha256,
  };
}

/** Text for the database, which cannot hold the character NUL. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll('\0', '') : '';
}
