/** The JSON document of a project (`/pypi/<name>/json`) as it is read from upstream. */

import { webUrl } from './index-file.ts';
import { DEEPEST, isTooDeep } from './python-json.ts';

type Plain = Readonly<Record<string, unknown>>;

/** A file of a release. */
export interface ReleaseFile {
  readonly filename: string;
  readonly url: string;
  readonly packagetype: string;
  readonly python_version: string;
  readonly requires_python: string;
  readonly sha256: string;
  readonly size: number | null;
  /** The reason, which may be empty; null when the file is not yanked. */
  readonly yanked: string | null;
}

export interface ProjectDocument {
  /** Metadata of the newest release. */
  readonly info: Plain;
  /** In the order of the document. */
  readonly releases: ReadonlyMap<string, readonly ReleaseFile[]>;
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** The database cannot hold the character NUL. */
const textOf = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '') : '');

/**
 * The parts that matter; files without name, URL or SHA-256 are left out. Undefined for what is no such document; throws for one
 * that is nested too deeply.
 */
export function readProjectJson(document: unknown, documentUrl: string): ProjectDocument | undefined {
  if (!isPlain(document) || !isPlain(document.info)) return undefined;
  if (isTooDeep(document.info))
    throw new Error(`The document is nested more than ${DEEPEST} levels, url='${documentUrl}'`);
  const releases = new Map<string, ReleaseFile[]>();
  for (const [version, files] of Object.entries(isPlain(document.releases) ? document.releases : {})) {
    releases.set(textOf(version), filesOf(files, documentUrl));
  }
  if (releases.size === 0 && Array.isArray(document.urls)) {
    releases.set(textOf(document.info.version), filesOf(document.urls, documentUrl));
  }
  return { info: document.info, releases };
}

function filesOf(list: unknown, base: string): ReleaseFile[] {
  if (!Array.isArray(list)) return [];
  return list
    .map((file: unknown) => (isPlain(file) ? fileOf(file, base) : undefined))
    .filter((file) => file !== undefined);
}

function fileOf(file: Plain, base: string): ReleaseFile | undefined {
  const sha256 = isPlain(file.digests) ? textOf(file.digests.sha256).toLowerCase() : '';
  const filename = textOf(file.filename);
  const url = webUrl(textOf(file.url), base);
  if (!url || filename === '' || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  return {
    filename,
    url: url.href,
    sha256,
    packagetype: textOf(file.packagetype),
    python_version: textOf(file.python_version),
    requires_python: textOf(file.requires_python),
    size: typeof file.size === 'number' && Number.isSafeInteger(file.size) && file.size >= 0 ? file.size : null,
    yanked: file.yanked === true ? textOf(file.yanked_reason) : null,
  };
}
