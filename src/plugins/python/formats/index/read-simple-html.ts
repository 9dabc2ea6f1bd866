/** Reads HTML pages of simple indexes (PEP 503): whatever anchors they have, in whatever style. */
import { unescaped } from '../../../../lib/text/unescaped.ts';
import { type IndexFile, webUrl } from './index-file.ts';

/** Longest text of an anchor that is looked at, and how far from its beginning a page may name its base. */
const LONGEST_TEXT = 2000;
const BASE_WITHIN = 64 * 1024;
const ATTRIBUTE = /([a-z][a-z0-9-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi;
const BASE = /<base\s[^>]*href\s*=\s*["']([^"']*)["']/i;
/** A digest in a fragment, beside other parts (`#egg=x&sha256=…`), or in an attribute. */
const DIGEST = /(?:^|[#&])(md5|sha1|sha224|sha256|sha384|sha512)=([0-9a-f]+)(?=&|$)/i;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (entity, decimal, hex, name) => {
    if (name) return ENTITIES[String(name).toLowerCase()] ?? entity;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}

interface Anchor {
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

function* anchorsOf(html: string): Generator<Anchor> {
  for (const [inside, text] of elementsOf(html)) {
    const attributes = new Map<string, string>();
    for (const [, name, double, single, bare] of inside.matchAll(ATTRIBUTE)) {
      attributes.set(name!.toLowerCase(), unescapeHtml(double ?? single ?? bare ?? ''));
    }
    yield { attributes, text: unescapeHtml(text.replace(/<[^>]*>/g, '')).trim() };
  }
}

/**
 * What is inside the tag, and the text up to the next tag that ends or begins an anchor. Each character is looked at once or twice,
 * whatever a page leaves open.
 */
function* elementsOf(html: string): Generator<readonly [inside: string, text: string]> {
  const tag = /<(\/?)a(?=[\s>])/gi;
  let start: number | undefined;
  let end = -1;
  const element = (until: number) =>
    [html.slice(start, end), html.slice(end + 1, Math.min(until, end + LONGEST_TEXT))] as const;
  for (let found = tag.exec(html); found; found = tag.exec(html)) {
    if (start !== undefined) yield element(found.index);
    start = undefined;
    if (found[1] === '/') continue;
    start = tag.lastIndex;
    end = html.indexOf('>', start);
    if (end < 0) return;
    tag.lastIndex = end + 1;
  }
  if (start !== undefined) yield element(html.length);
}

/** Names of the projects of an index page. */
export function readIndexPage(html: string): string[] {
  return Array.from(anchorsOf(html), ({ text }) => text).filter((name) => name !== '');
}

/** The files of a project page; URLs become absolute by the address of the page. Anchors without a usable URL are left out. */
export function readProjectPage(html: string, pageUrl: string): IndexFile[] {
  const base = new URL(BASE.exec(html.slice(0, BASE_WITHIN))?.[1] ?? '', pageUrl).href;
  return Array.from(anchorsOf(html), ({ attributes }) => fileOf(attributes, base)).filter((file) => file !== undefined);
}

function fileOf(attributes: ReadonlyMap<string, string>, base: string): IndexFile | undefined {
  const url = attributes.has('href') ? webUrl(attributes.get('href')!, base) : undefined;
  if (!url) return undefined;
  const hashes = digestIn(url.hash);
  url.hash = '';
  const filename = unescaped(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
  if (filename === '') return undefined;
  return {
    filename,
    url: url.href,
    hashes,
    requiresPython: attributes.get('data-requires-python') ?? null,
    metadata: metadataOf(attributes.get('data-core-metadata') ?? attributes.get('data-dist-info-metadata')),
    yanked: attributes.get('data-yanked') ?? null,
    size: null,
    uploadTime: null,
    provenance: absolute(attributes.get('data-provenance'), base),
  };
}

function metadataOf(value: string | undefined): IndexFile['metadata'] {
  return value === undefined || value === 'false' ? null : digestIn(value);
}

function digestIn(text: string): Record<string, string> {
  const [, name, digest] = DIGEST.exec(text) ?? [];
  return name && digest ? { [name.toLowerCase()]: digest.toLowerCase() } : {};
}

const absolute = (url: string | undefined, base: string) => (url ? (webUrl(url, base)?.href ?? null) : null);
