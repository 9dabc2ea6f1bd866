/** Reads HTML pages of simple indexes (PEP 503): whatever links they have, in whatever style. */
import { unescaped } from '../../../../lib/text/unescaped.ts';
import { packageTypeOf } from '../filename.ts';
import { normalizeName } from '../project-name.ts';
import { type Attributes, type HtmlLinks, readHtmlLinks } from './html-links.ts';
import { type IndexFile, webUrl } from './index-file.ts';

/** A digest in a fragment, beside other parts (`#egg=x&sha256=…`), or in an attribute. */
const DIGEST = /(?:^|[#&])(md5|sha1|sha224|sha256|sha384|sha512)=([0-9a-f]+)(?=&|$)/i;
/** As the programs that make such pages call them. */
const TITLES = /^(?:simple|links for\b|index of\b|directory listing\b)/i;
/** What projects have had for files beside those that installers of today know. */
const OTHER_FILES = /\.(?:tgz|tbz|tar\.\w+|rpm|deb|msi|dmg)$/i;

/** Names of the projects of an index page; undefined for a page of another kind, such as one to log in at. */
export function readIndexPage(html: string): string[] | undefined {
  const page = readHtmlLinks(html);
  if (!isIndex(page) && !leadsToProjects(page)) return undefined;
  return page.links.map(({ text }) => text).filter((name) => name !== '');
}

/** Other pages have a link or two to places that are called as they are shown: `<a href="/login">Login</a>`. */
function leadsToProjects({ links, isInteractive }: HtmlLinks): boolean {
  const projects = links.filter(leadsToProject).length;
  return isInteractive ? projects > 3 && projects * 2 > links.length : projects > 0;
}

/** The last part of the address is the name, which is what the link shows as well. */
function leadsToProject({ attributes, text }: HtmlLinks['links'][number]): boolean {
  const path = (attributes.get('href') ?? '').replace(/[?#].*$/s, '').replace(/(?:\/(?:index\.html?)?)+$/, '');
  const last = unescaped(path.slice(path.lastIndexOf('/') + 1));
  return text !== '' && normalizeName(last) === normalizeName(text);
}

/** The page says so itself, or there is nothing on it that could be anything else. */
const isIndex = ({ meta, title, links, isInteractive }: HtmlLinks) =>
  meta.has('pypi:repository-version') || TITLES.test(title) || (links.length === 0 && !isInteractive);

/**
 * The files of a project page; URLs become absolute by the address of the page. Links without a usable URL are left out. Undefined
 * for a page of another kind.
 */
export function readProjectPage(html: string, pageUrl: string): IndexFile[] | undefined {
  const page = readHtmlLinks(html);
  const base = (webUrl(page.base ?? '', pageUrl) ?? new URL(pageUrl)).href;
  const files = page.links.map(({ attributes }) => fileOf(attributes, base)).filter((file) => file !== undefined);
  return isIndex(page) || files.some(isPackage) ? files : undefined;
}

const isPackage = ({ filename, hashes }: IndexFile) =>
  packageTypeOf(filename) !== undefined || OTHER_FILES.test(filename) || Object.keys(hashes).length > 0;

function fileOf(attributes: Attributes, base: string): IndexFile | undefined {
  const url = attributes.has('href') ? webUrl(attributes.get('href')!.trim(), base) : undefined;
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
