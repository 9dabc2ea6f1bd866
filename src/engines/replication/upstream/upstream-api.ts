/** The REST API of the upstream server: reads single objects and whole lists, and says what is wrong with an answer. */
import { DownloadError, type Downloader, type DownloadResponse } from '../../../download/downloader.ts';
import { PulpError } from '../../../lib/errors.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { Upstream } from './upstream.ts';

/** Objects asked for in one request. */
const PAGE = 2000;
/** A list with more is refused. */
const MOST_OBJECTS = 1_000_000;
/** Reads of a list that changes while it is read. */
const READS = 3;
const MEBIBYTE = 1024 * 1024;

/** Pulp's code for troubles with the other server. */
function upstreamFailed(upstream: Pick<Upstream, 'baseUrl' | 'name'>, details: string): PulpError {
  return new PulpError(
    'PLP0014',
    `External service '${upstream.baseUrl}' failed: ${details} (upstream '${upstream.name}')`,
  );
}

interface Page {
  readonly count: number;
  readonly results: readonly Values[];
}

/** Of one answer: what it may take, whatever upstream sends. */
interface AnswerLimits {
  readonly replicationAnswerMb: number;
  readonly replicationAnswerTimeout: number;
}

export class UpstreamApi {
  readonly upstream: Upstream;
  /** Requests for lists so far. */
  listings = 0;
  readonly #downloader: Downloader;
  readonly #limits: AnswerLimits;
  readonly #signal: AbortSignal | undefined;
  #inDomain = '';

  constructor(upstream: Upstream, downloader: Downloader, limits: AnswerLimits, signal?: AbortSignal) {
    this.upstream = upstream;
    this.#downloader = downloader;
    this.#limits = limits;
    this.#signal = signal;
    this.#inDomain = upstream.domain ? `${upstream.domain}/` : '';
  }

  /** Versions by component. Where upstream has domains and none is set, the default one is meant. */
  async components(): Promise<Map<string, string>> {
    const url = `${this.upstream.baseUrl}${this.upstream.apiRoot}api/v3/status/`;
    const { body } = await this.#get(url, 'its status');
    if (!isObject(body) || !Array.isArray(body.versions)) {
      throw this.failed(`the answer at ${url} is no status of a Pulp server; check base_url and api_root`);
    }
    if (body.domain_enabled === true && this.#inDomain === '') this.#inDomain = 'default/';
    return new Map((body.versions as Values[]).map((one) => [String(one.component), String(one.version)]));
  }

  /** The object at an href as the API tells them; null when the answer is 404. */
  async object(href: string, what: string): Promise<Values | null> {
    const { status, body } = await this.#get(this.absolute(href), what, [404]);
    if (status === 404) return null;
    if (!isObject(body)) throw this.failed(`the answer for ${what} is no object`);
    return body;
  }

  /** An href or a path of content as an absolute URL. */
  absolute(href: string): string {
    const url = URL.parse(href, `${this.upstream.baseUrl}/`);
    if (!url) throw this.failed(`it tells '${href}', which is no URL`);
    return url.href;
  }

  /**
   * All objects of a list, `path` being below the API's prefix. The answer is complete: as many as upstream counts, none
   * twice, and a list of several pages is the same when read again.
   */
  async list(path: string, query: Readonly<Record<string, string>>, same: (row: Values) => string): Promise<Values[]> {
    let trouble = '';
    let before: string[] | undefined;
    for (let read = 0; read < READS; read++) {
      const result = await this.#readAll(path, query);
      if (typeof result === 'string') {
        trouble = result;
        continue;
      }
      if (result.length <= PAGE) return result;
      const now = result.map(same).sort();
      if (before && now.length === before.length && now.every((one, at) => one === before![at])) return result;
      before = now;
      trouble = `${path} changes while it is read`;
      if (read === READS - 1) break;
    }
    throw this.failed(`the list ${trouble}`);
  }

  /** How many objects a list has, and the first page of it. */
  async page(path: string, query: Readonly<Record<string, string>>): Promise<Page> {
    return await this.#page(path, { ...query, limit: String(PAGE) }, 1);
  }

  /** The pages of a list that cannot change, such as the content of a version. */
  async *pages(path: string, query: Readonly<Record<string, string>>): AsyncGenerator<readonly Values[]> {
    let read = 0;
    for (let number = 1; ; number++) {
      const page = await this.#page(path, { ...query, limit: String(PAGE), offset: String(read) }, number);
      read += page.results.length;
      yield page.results;
      if (read >= page.count) return;
      if (page.results.length === 0)
        throw this.failed(`the list ${path}, page ${number}, ends after ${read} of ${page.count} objects`);
    }
  }

  failed(details: string): PulpError {
    return upstreamFailed(this.upstream, details);
  }

  /** The rows, or what was wrong with them. Pages are counted here, links in answers are not followed. */
  async #readAll(path: string, query: Readonly<Record<string, string>>): Promise<Values[] | string> {
    const rows: Values[] = [];
    const seen = new Set<unknown>();
    let count: number | undefined;
    for (let number = 1; ; number++) {
      const page = await this.#page(path, { ...query, limit: String(PAGE), offset: String(rows.length) }, number);
      count ??= page.count;
      const where = `${path}, page ${number},`;
      if (count > MOST_OBJECTS) return `${where} counts ${count} objects, more than ${MOST_OBJECTS}`;
      if (page.count !== count) return `${where} counts ${page.count} objects, the page before counted ${count}`;
      for (const row of page.results) {
        if (seen.has(row.pulp_href)) return `${where} has ${String(row.pulp_href)} a second time`;
        seen.add(row.pulp_href);
        rows.push(row);
      }
      if (rows.length > count) return `${where} has more objects than the ${count} it counts`;
      if (rows.length === count) return rows;
      if (page.results.length < PAGE) return `${where} ends after ${rows.length} of ${count} objects`;
    }
  }

  async #page(path: string, query: Readonly<Record<string, string>>, number: number): Promise<Page> {
    this.listings++;
    const { baseUrl, apiRoot } = this.upstream;
    const url = new URL(`${baseUrl}${apiRoot}${this.#inDomain}api/v3/${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== '0' || name !== 'offset') url.searchParams.set(name, value);
    const what = `the list ${path}, page ${number}`;
    const { body } = await this.#get(url.href, what);
    const { count, results } = isObject(body) ? body : {};
    const isList = typeof count === 'number' && Array.isArray(results) && results.every(isRow);
    if (!isList) throw this.failed(`the answer for ${what} is no list of objects`);
    return { count, results };
  }

  async #get(url: string, what: string, expected: readonly number[] = []): Promise<{ status: number; body: unknown }> {
    const { replicationAnswerMb: largest, replicationAnswerTimeout: longest } = this.#limits;
    const deadline = AbortSignal.timeout(longest * 1000);
    const signal = this.#signal ? AbortSignal.any([this.#signal, deadline]) : deadline;
    let response: DownloadResponse | undefined;
    try {
      response = await this.#downloader.fetch(url, {
        headers: { accept: 'application/json' },
        compressed: true,
        signal,
      });
      if (expected.includes(response.status)) return { status: response.status, body: undefined };
      if (response.status !== 200) throw this.failed(`${what} was answered with ${await told(response)}`);
      return { status: 200, body: await response.json(largest * MEBIBYTE) };
    } catch (error) {
      if (deadline.aborted && !this.#signal?.aborted) {
        throw this.failed(`${what} was not complete after ${longest} s (setting replication_answer_timeout)`);
      }
      if (error instanceof DownloadError) throw this.failed(`${what} could not be read: ${error.message}`);
      throw error;
    } finally {
      response?.cancel();
    }
  }
}

/** Status and the beginning of the answer, which often says what to do. */
async function told(response: DownloadResponse): Promise<string> {
  const text = await response.text(64 * 1024).catch(() => '');
  const line = text.replace(/\s+/g, ' ').slice(0, 300);
  return `status ${response.status}${line === '' || line.startsWith('<') ? '' : `: ${line}`}`;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRow(value: unknown): value is Values {
  return isObject(value) && typeof value.pulp_href === 'string';
}
