/** Answers a stored text: compressed for those who can read that, not at all for those who have it. */
import type { Answer, RequestContext } from '../../../../plugin-api/contracts/context.ts';
import type { StoredText } from './document-store.ts';

/** 100 days, as clients of the API are used to. */
const CACHE_CONTROL = 'max-age=8640000';

export function answerText(text: StoredText, headers: Record<string, string>, request: RequestContext): Answer {
  const compressed = takesGzip(request.headers['accept-encoding']);
  const etag = compressed ? `"${text.etag}-gzip"` : `"${text.etag}"`;
  const common = { ETag: etag, 'Cache-Control': CACHE_CONTROL, Vary: 'Accept, Accept-Encoding' };
  if (hasIt(request.headers['if-none-match'], etag)) return { status: 304, headers: common };
  return {
    status: 200,
    body: compressed ? text.compressed : text.plain,
    headers: { ...headers, ...common, ...(compressed && { 'Content-Encoding': 'gzip' }) },
  };
}

function takesGzip(header: string | string[] | undefined): boolean {
  const codings = String(header ?? '')
    .toLowerCase()
    .split(',');
  return codings.some((coding) => /^\s*(gzip|\*)\s*(;\s*q=(0\.0*[1-9]\d*|1(\.0*)?)\s*)?$/.test(coding));
}

function hasIt(header: string | string[] | undefined, etag: string): boolean {
  const tags = String(header ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
