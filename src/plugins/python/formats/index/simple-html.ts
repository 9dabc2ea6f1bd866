/** Writes the HTML pages of a simple index (PEP 503). */
import { INDEX_VERSION, type IndexFile, type IndexProject } from './index-file.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** Text for elements and for attributes in quotation marks. */
export function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (sign) => ESCAPES[sign]!) : text;
}

const head = (title: string) => `<!DOCTYPE html>
<html>
  <head>
    <title>${escapeHtml(title)}</title>
    <meta name="pypi:repository-version" content="${INDEX_VERSION}">
  </head>
  <body>
`;
const FOOT = '  </body>\n</html>\n';

/** The list of all projects. */
export function writeIndexPage(projects: Iterable<IndexProject>): string {
  let page = head('Simple Index');
  for (const { name, normalized } of projects) {
    page += `      <a href="${escapeHtml(normalized)}/">${escapeHtml(name)}</a><br/>\n`;
  }
  return page + FOOT;
}

/** The files of a project. */
export function writeProjectPage(normalized: string, files: Iterable<IndexFile>): string {
  const title = `Links for ${normalized}`;
  let page = `${head(title)}    <h1>${escapeHtml(title)}</h1>\n`;
  for (const file of files) page += `      ${anchorOf(file)}<br/>\n`;
  return page + FOOT;
}

function anchorOf(file: IndexFile): string {
  const digest = digestText(file.hashes);
  const href = file.url + (digest && `#${digest}`);
  return `<a href="${escapeHtml(href)}" rel="internal"${attributesOf(file)}>${escapeHtml(file.filename)}</a>`;
}

/** Pages have place for one digest: `sha256=…` where it is known; empty where there is none. */
function digestText(digests: Readonly<Record<string, string>>): string {
  const [algorithm, digest] = digests.sha256 ? ['sha256', digests.sha256] : (Object.entries(digests)[0] ?? []);
  return digest ? `${algorithm}=${digest}` : '';
}

function attributesOf({ requiresPython, yanked, metadata, provenance }: IndexFile): string {
  const told = metadata && (digestText(metadata) || 'true');
  return [
    attribute('data-requires-python', requiresPython || null),
    attribute('data-yanked', yanked),
    attribute('data-dist-info-metadata', told),
    attribute('data-core-metadata', told),
    attribute('data-provenance', provenance),
  ].join('');
}

const attribute = (name: string, value: string | null) => (value === null ? '' : ` ${name}="${escapeHtml(value)}"`);
