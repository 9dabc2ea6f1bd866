/** Core metadata of packages (metadata 1.0 to 2.5): the mail-like text of METADATA and PKG-INFO. */

import { isValidName } from '../project-name.ts';
import { PackageError } from './package-error.ts';

export interface CoreMetadata {
  readonly metadata_version: string;
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly description: string;
  readonly description_content_type: string;
  readonly keywords: string;
  readonly home_page: string;
  readonly download_url: string;
  readonly author: string;
  readonly author_email: string;
  readonly maintainer: string;
  readonly maintainer_email: string;
  readonly license: string;
  readonly license_expression: string;
  readonly license_file: readonly string[];
  readonly classifiers: readonly string[];
  readonly requires_dist: readonly string[];
  readonly requires_python: string;
  readonly requires_external: readonly string[];
  readonly provides_dist: readonly string[];
  readonly provides_extras: readonly string[];
  readonly obsoletes_dist: readonly string[];
  readonly dynamic: readonly string[];
  /** `label, url` each. */
  readonly project_urls: readonly string[];
}

type Headers = ReadonlyMap<string, readonly string[]>;

const HEADER = /^([!-9;-~]+):[ \t]?(.*)$/;

/** The fields of a metadata file. Throws PackageError when it has no Metadata-Version, Name or Version. */
export function parseCoreMetadata(bytes: Uint8Array): CoreMetadata {
  const { headers, body } = splitMessage(decode(bytes));
  const one = (name: string) => joined(headers.get(name)?.[0]);
  const many = (name: string) => (headers.get(name) ?? []).map(joined);
  const metadata: CoreMetadata = {
    metadata_version: one('metadata-version'),
    name: one('name'),
    version: one('version'),
    summary: one('summary'),
    description: descriptionOf(headers, body),
    description_content_type: one('description-content-type'),
    keywords: one('keywords'),
    home_page: one('home-page'),
    download_url: one('download-url'),
    author: one('author'),
    author_email: one('author-email'),
    maintainer: one('maintainer'),
    maintainer_email: one('maintainer-email'),
    license: one('license'),
    license_expression: one('license-expression'),
    license_file: many('license-file'),
    classifiers: many('classifier'),
    requires_dist: many('requires-dist'),
    requires_python: one('requires-python'),
    requires_external: many('requires-external'),
    provides_dist: many('provides-dist'),
    provides_extras: many('provides-extra'),
    obsoletes_dist: many('obsoletes-dist'),
    dynamic: many('dynamic'),
    project_urls: many('project-url'),
  };
  for (const name of ['metadata_version', 'name', 'version'] as const) {
    if (metadata[name] === '') throw new PackageError(`its metadata has no ${name}`);
  }
  if (!isValidName(metadata.name)) throw new PackageError(`the name in its metadata, ${shown(metadata.name)}, is none`);
  if (!VERSION.test(metadata.version)) {
    throw new PackageError(`the version in its metadata, ${shown(metadata.version)}, is none`);
  }
  return metadata;
}

/** What old tools took for a version counts too, but it is part of paths. */
const VERSION = /^[\w.!+*-]{1,255}$/;

const shown = (text: string) => JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}…` : text);

/** Text cannot hold the character NUL in the database. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll('\0', '').replace(/\r\n?/g, '\n');
}

/** Headers until an empty line, or until a line that is none; the rest is the body. */
function splitMessage(text: string): { headers: Headers; body: string } {
  const headers = new Map<string, string[]>();
  let values: string[] | undefined;
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? text.length : end);
    const next = end < 0 ? text.length : end + 1;
    if (line === '') return { headers, body: text.slice(next) };
    if (/^[ \t]/.test(line) && values) values[values.length - 1] += `\n${line}`;
    else {
      const header = HEADER.exec(line);
      if (!header) return { headers, body: text.slice(at) };
      const name = header[1]!.toLowerCase();
      values = headers.get(name) ?? [];
      headers.set(name, values);
      values.push(header[2]!);
    }
    at = next;
  }
  return { headers, body: '' };
}

/** Folded lines as one; the word with which old tools filled empty fields counts as nothing. */
function joined(value: string | undefined): string {
  const text = (value ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
  return text === 'UNKNOWN' ? '' : text;
}

/** The field (whose lines are indented by eight blanks, or by seven and a bar), else the body. */
function descriptionOf(headers: Headers, body: string): string {
  const field = headers.get('description')?.[0];
  const text =
    field === undefined
      ? body
      : field
          .split('\n')
          .map((line, i) => (i === 0 ? line.trim() : line.replace(/^(?: {8}| {7}\|)/, '')))
          .join('\n');
  return text.trim() === 'UNKNOWN' ? '' : text;
}
