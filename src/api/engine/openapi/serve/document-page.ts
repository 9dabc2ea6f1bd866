/** The document as a page to read: operations by tag, without scripts or anything from elsewhere. */
import { escapeHtml } from '../../../../lib/http/html-listing.ts';
import type { OpenApiDocument } from '../build-document.ts';

interface Shown {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
}

interface Line extends Shown {
  readonly method: string;
  readonly path: string;
}

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid #d5dae1}
nav{columns:16rem;font-size:.9rem}nav a{display:block}a{color:#0b57a4}
table{border-collapse:collapse;width:100%}td{padding:.25rem .75rem .25rem 0;vertical-align:top}
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.method{font-weight:600;text-transform:uppercase}.deprecated code{text-decoration:line-through}.id{color:#5b6675}
@media(prefers-color-scheme:dark){body{color:#e3e7ec;background:#14181d}h2{border-color:#39424e}a{color:#7ab8f5}.id{color:#9aa5b1}}`;

export function documentPage(document: OpenApiDocument): string {
  const byTag = [...Map.groupBy(linesOf(document), (line) => line.tags[0] ?? '')].sort(([a], [b]) => (a < b ? -1 : 1));
  const title = escapeHtml(String(document.info.title));
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${STYLE}</style></head><body>
<h1>${title}</h1><p>${escapeHtml(String(document.info.description))}</p>
<p>The document for programs: <a href="../docs/api.json">api.json</a>, <a href="../docs/api.yaml">api.yaml</a>.</p>
<nav>${byTag.map(([tag]) => `<a href="#${anchor(tag)}">${escapeHtml(tag)}</a>`).join('\n')}</nav>
${byTag.map(([tag, lines]) => section(tag, lines)).join('\n')}
</body></html>
`;
}

function linesOf(document: OpenApiDocument): Line[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...(operation as Shown), method, path })),
  );
}

function section(tag: string, lines: readonly Line[]): string {
  return `<h2 id="${anchor(tag)}">${escapeHtml(tag)}</h2>\n<table>\n${lines.map(row).join('\n')}\n</table>`;
}

function row(line: Line): string {
  const words = [line.summary, line.deprecated ? '(deprecated)' : undefined].filter(Boolean).join(' ');
  return `<tr${line.deprecated ? ' class="deprecated"' : ''}><td class="method">${line.method}</td>
<td><code>${escapeHtml(line.path)}</code><br><code class="id">${escapeHtml(line.operationId)}</code></td>
<td>${escapeHtml(words)}${line.description ? `<br>${escapeHtml(line.description)}` : ''}</td></tr>`;
}

function anchor(tag: string): string {
  return tag.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
