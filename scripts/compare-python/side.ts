/** One of two servers that are compared: what it is asked, and its answers without what differs by nature. */

const API = '/pulp/api/v3/';
export const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const HEADERS = [
  'content-type',
  'cache-control',
  'etag',
  'last-modified',
  'x-pypi-last-serial',
  'vary',
  'location',
  'allow',
  'www-authenticate',
  'x-pulp-cache',
];

export interface Shown {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
export type Wire = any;

export class Side {
  readonly url: string;
  readonly #authorization: string;
  readonly names = new Map<string, string>();

  constructor(url: string, account: string) {
    this.url = url.replace(/\/$/, '');
    this.#authorization = `Basic ${Buffer.from(account).toString('base64')}`;
  }

  async fetch(
    method: string,
    path: string,
    body?: object | FormData,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const isForm = body instanceof FormData;
    const sent = isForm ? body : body && JSON.stringify(body);
    return await fetch(path.startsWith('http') ? path : this.url + (path.startsWith('/') ? path : API + path), {
      method,
      redirect: 'manual',
      headers: {
        ...(headers.anonymous ? {} : { authorization: this.#authorization }),
        ...(body && !isForm && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent && { body: sent }),
    });
  }

  async json(method: string, path: string, body?: object | FormData): Promise<Wire> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    if (response.status >= 400)
      throw new Error(`${this.url} ${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    const answer = text === '' ? {} : JSON.parse(text);
    return answer.task ? await this.ended(answer.task) : answer;
  }

  async ended(task: string): Promise<Wire> {
    for (;;) {
      const state = await this.json('GET', task);
      if (!['waiting', 'running', 'canceling'].includes(state.state)) return state;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async shown(
    method: string,
    path: string,
    body?: object | FormData,
    headers: Record<string, string> = {},
  ): Promise<Shown> {
    const response = await this.fetch(method, path, body, headers);
    const text = await response.text().catch((error) => `broken off: ${error.message}`);
    let parsed: unknown = text;
    if ((response.headers.get('content-type') ?? '').includes('json') && text !== '') parsed = JSON.parse(text);
    sortFiles(parsed);
    if (response.status === 202 && (parsed as Wire).task) parsed = taskShown(await this.ended((parsed as Wire).task));
    const isPage = /html/.test(response.headers.get('content-type') ?? '');
    if (isPage && text.includes('<a ')) parsed = linksOf(text, !path.includes('/pulp/content/'));
    else if (isPage) parsed = text.replace(/\s*\n\s*/g, '\n').trim();
    // What an answer without a body says of its form is nothing to anybody.
    const names = text === '' ? HEADERS.filter((name) => name !== 'content-type' && name !== 'vary') : HEADERS;
    const told = names.flatMap((name) => (response.headers.has(name) ? [[name, response.headers.get(name)!]] : []));
    return this.plain({
      status: response.status,
      reason: response.statusText,
      headers: Object.fromEntries(told),
      body: parsed,
    });
  }

  /** Without what differs by nature: hosts, ids, times, random names. */
  plain<T>(value: T): T {
    let text = JSON.stringify(value).replaceAll(this.url, '<host>');
    text = text.replaceAll(
      this.url.replace(/:(\d+)$/, (_, port) => `:${Number(port) - 1}`),
      '<host>',
    );
    for (const [name, stand] of this.names) text = text.replaceAll(name, stand);
    text = text
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?/g, (_, _fraction, zone) => `<time${zone ?? ''}>`)
      .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d (GMT|[+-]0000)/g, '<date $1>')
      .replace(/prn:auth\.user:\d+/g, '<user>')
      .replace(/"etag":"[^,}]*"/g, '"etag":"<etag>"');
    return JSON.parse(text) as T;
  }
}

/** The peer tells of files in the order in which its database finds them. */
function sortFiles(document: Wire): void {
  for (const files of [document?.files, document?.urls, ...Object.values(document?.releases ?? {})])
    if (Array.isArray(files)) files.sort((a: Wire, b: Wire) => (a.filename < b.filename ? -1 : 1));
}

/** What a page says, whatever blanks it has: its lines beside the links, and of each link the attributes in their order. */
function linksOf(html: string, isLive: boolean): object {
  const tight = html.replace(/\s*\n\s*/g, '\n').replace(/ +>/g, '>');
  const links = Array.from(tight.matchAll(/<a ([^>]*)>([^<]*)<\/a>/g), ([, attributes, text]) => ({
    text,
    attributes: Array.from(attributes!.matchAll(/([a-z-]+)="([^"]*)"/g), ([, name, value]) => [name, value]),
  }));
  if (isLive) links.sort((a, b) => (a.text! < b.text! ? -1 : 1));
  return { around: tight.replace(/<a [^>]*>[^<]*<\/a>/g, '<a/>').trim(), links };
}

export const taskShown = ({ state, error, progress_reports, name, reserved_resources_record }: Wire) => ({
  state,
  name,
  error: error && { description: error.description },
  reports: (progress_reports ?? [])
    .map(({ code, message, total, done, suffix, state: end }: Wire) => ({ code, message, total, done, suffix, end }))
    .sort((a: Wire, b: Wire) => (a.code < b.code ? -1 : 1)),
  locks: (reserved_resources_record ?? []).map((lock: string) => lock.replace(/[0-9a-f-]{36}|\d+$/g, '<id>')).sort(),
});

/** Paths of values that differ. */
export function differences(ours: unknown, theirs: unknown, at = ''): string[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isObject(ours) || !isObject(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
    return [`${at}: ours ${show(ours)} | peer ${show(theirs)}`];
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  return keys.flatMap((key) => differences(ours[key], theirs[key], `${at}.${key}`));
}

const show = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 700);
