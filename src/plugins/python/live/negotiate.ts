/** Chooses the form of a simple page by the Accept header (PEP 691). */

export const HTML = 'text/html';
const SIMPLE_HTML = 'application/vnd.pypi.simple.v1+html';
export const SIMPLE_JSON = 'application/vnd.pypi.simple.v1+json';
export type SimpleType = typeof HTML | typeof SIMPLE_HTML | typeof SIMPLE_JSON;

/** JSON for whoever names it, as in Pulp; else the first of the others that is accepted, HTML where none is. */
export function simpleType(asked: string | undefined, format: string | null): SimpleType {
  if (format === 'json') return SIMPLE_JSON;
  if (format === 'html' || !asked) return HTML;
  const accept = asked.toLowerCase();
  if (accept.includes(SIMPLE_JSON) || accept.includes('application/vnd.pypi.simple.latest+json')) return SIMPLE_JSON;
  const plain = accept.includes('text/html') || accept.includes('*/*') || accept.includes('text/*');
  return !plain && accept.includes('vnd.pypi.simple') ? SIMPLE_HTML : HTML;
}
