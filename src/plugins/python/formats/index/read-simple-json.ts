/** Reads JSON pages of simple indexes (PEP 691, 700, 714, 740); what is missing or of another type counts as not told. */
import { type IndexFile, webUrl } from './index-file.ts';

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '') : null);

/** Names of the projects of an index document. */
export function readIndexJson(document: unknown): string[] {
  const projects = isPlain(document) && Array.isArray(document.projects) ? document.projects : [];
  return projects
    .map((project: unknown) => (isPlain(project) ? textOf(project.name) : null))
    .filter((name) => name !== null);
}

/** The files of a project document; URLs become absolute by the address of the page. */
export function readProjectDocument(document: unknown, pageUrl: string): IndexFile[] {
  const files = isPlain(document) && Array.isArray(document.files) ? document.files : [];
  return files
    .map((file: unknown) => (isPlain(file) ? fileOf(file, pageUrl) : undefined))
    .filter((file) => file !== undefined);
}

function fileOf(file: Plain, pageUrl: string): IndexFile | undefined {
  const url = webUrl(textOf(file.url) ?? '', pageUrl);
  const filename = textOf(file.filename);
  if (!url || !filename || !textOf(file.url)) return undefined;
  url.hash = '';
  return {
    filename,
    url: url.href,
    hashes: hashesOf(file.hashes),
    requiresPython: textOf(file['requires-python']),
    metadata: metadataOf(file['core-metadata'] ?? file['data-dist-info-metadata'] ?? file['dist-info-metadata']),
    yanked: typeof file.yanked === 'string' ? file.yanked : file.yanked === true ? '' : null,
    size: typeof file.size === 'number' ? file.size : null,
    uploadTime: textOf(file['upload-time']),
    provenance: typeof file.provenance === 'string' ? (webUrl(file.provenance, pageUrl)?.href ?? null) : null,
  };
}

function hashesOf(value: unknown): Record<string, string> {
  if (!isPlain(value)) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries.map(([name, digest]) => [name.toLowerCase(), digest.toLowerCase()]));
}

function metadataOf(value: unknown): IndexFile['metadata'] {
  return isPlain(value) || value === true ? hashesOf(value) : null;
}
