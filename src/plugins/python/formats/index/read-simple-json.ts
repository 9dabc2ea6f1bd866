/** Reads JSON pages of simple indexes (PEP 691, 700, 714, 740); what is missing or of another type counts as not told. */
import { type IndexFile, webUrl } from './index-file.ts';

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '') : null);

/** Names of the projects of an index document; undefined for a document of another kind. */
export function readIndexJson(document: unknown): string[] | undefined {
  if (!isPlain(document) || !Array.isArray(document.projects)) return undefined;
  return document.projects
    .map((project: unknown) => (isPlain(project) ? textOf(project.name) : null))
    .filter((name) => name !== null);
}

/** The files of a project document; URLs become absolute by the address of the page. Undefined for a document of another kind. */
export function readProjectDocument(document: unknown, pageUrl: string): IndexFile[] | undefined {
  if (!isPlain(document) || !Array.isArray(document.files)) return undefined;
  return document.files
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
    size: isSize(file.size) ? file.size : null,
    uploadTime: isTime(file['upload-time']) ? file['upload-time'] : null,
    provenance: typeof file.provenance === 'string' ? (webUrl(file.provenance, pageUrl)?.href ?? null) : null,
  };
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** ISO 8601 in UTC, as PEP 700 wants it: installers refuse a whole page for anything else. */
const isTime = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/.test(value) &&
  isDate(value.slice(0, 19));

/** The thirtieth of February is a day in March to Date. */
function isDate(text: string): boolean {
  const time = Date.parse(`${text}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function hashesOf(value: unknown): Record<string, string> {
  if (!isPlain(value)) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries.map(([name, digest]) => [name.toLowerCase(), digest.toLowerCase()]));
}

function metadataOf(value: unknown): IndexFile['metadata'] {
  return isPlain(value) || value === true ? hashesOf(value) : null;
}
