/** What an upstream index answers is recognized before anything follows from it: a page to log in at is no empty index. */
import { messageOf } from '../../../lib/errors.ts';
import { DownloadError, type DownloadResponse } from '../../../plugin-api/index.ts';

/** A server was there: a status that was tried again in vain, or redirects that do not end. */
export const isRefusal = (error: unknown): error is DownloadError =>
  error instanceof DownloadError && (error.failure === 'status' || error.failure === 'refused');

/** Upstream answers, but not with what was asked for: of other projects it may. */
export class UpstreamRefusal extends Error {
  override readonly name = 'UpstreamRefusal';
}

export function unrecognized({ url }: DownloadResponse, what: string): never {
  throw new UpstreamRefusal(`The answer is not ${what}, url='${url}'`);
}

/** By its beginning where upstream does not say what it sends: servers of plain files know no types of indexes. */
export async function pageOf(response: DownloadResponse, limit: number): Promise<{ json: unknown } | { html: string }> {
  const type = response.header('content-type') ?? '';
  if (type.includes('json')) return { json: await jsonOf(response, limit) };
  const text = await response.text(limit);
  const isJson = !type.includes('html') && /^\s*\{/.test(text);
  return isJson ? { json: parsed(text, response) } : { html: text };
}

export async function jsonOf(response: DownloadResponse, limit: number): Promise<unknown> {
  return parsed(await response.text(limit), response);
}

function parsed(text: string, { url }: DownloadResponse): unknown {
  return orRefuse(() => JSON.parse(text), `The answer is not JSON, url='${url}'`);
}

/** What cannot be read is as good as no answer. */
export function orRefuse<T>(read: () => T, message?: string): T {
  try {
    return read();
  } catch (error) {
    throw new UpstreamRefusal(message ?? messageOf(error), { cause: error });
  }
}
