/** A file of a project as the pages of a simple index tell of it (PEP 503, 592, 658, 691, 700, 740). */

export interface IndexFile {
  readonly filename: string;
  readonly url: string;
  /** Hex digests by algorithm. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly requiresPython: string | null;
  /** Hex digests of METADATA, which is then at the URL with `.metadata` behind it; empty where none is told. */
  readonly metadata: Readonly<Record<string, string>> | null;
  /** The reason, which may be empty; null when the file is not yanked. */
  readonly yanked: string | null;
  readonly size: number | null;
  /** ISO 8601 with `Z`. */
  readonly uploadTime: string | null;
  /** URL of the provenance document. */
  readonly provenance: string | null;
}

export interface FileOfVersion {
  readonly version: string;
  readonly file: IndexFile;
}

/** What a page says relative to its own address; undefined for what no web server has: other schemes are not for an index to choose. */
export function webUrl(text: string, base: string): URL | undefined {
  const url = URL.parse(text, base);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

/** Where the metadata file beside a file is (PEP 658). */
export function metadataUrl(fileUrl: string): string {
  const url = new URL(fileUrl);
  url.pathname += '.metadata';
  return url.href;
}

export interface IndexProject {
  /** As its owner spells it. */
  readonly name: string;
  readonly normalized: string;
}

/** What tells programs that understand serials that there is nothing to compare them with. */
export const LAST_SERIAL = 1_000_000_000;
export const INDEX_VERSION = '1.1';
