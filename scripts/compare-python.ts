/**
 * Asks this server and the peer the same things of the same Python packages and shows where their answers differ.
 * Run: `node scripts/compare-python.ts <our URL> <user:password> <URL of the peer> <user:password>`
 */
import { sha256Of } from '../src/lib/digest.ts';
import { makeSdist, makeWheel, UpstreamIndex } from '../test/python/upstream.ts';

const API = '/pulp/api/v3/';
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
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

interface Shown {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
type Wire = any;

class Side {
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
    const text = await response.text();
    let parsed: unknown = text;
    if ((response.headers.get('content-type') ?? '').includes('json') && text !== '') parsed = JSON.parse(text);
    if (response.status === 202 && (parsed as Wire).task) parsed = taskShown(await this.ended((parsed as Wire).task));
    const told = HEADERS.flatMap((name) => (response.headers.has(name) ? [[name, response.headers.get(name)!]] : []));
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

const taskShown = ({ state, error, progress_reports, name, reserved_resources_record }: Wire) => ({
  state,
  name,
  error: error && { description: error.description },
  reports: (progress_reports ?? [])
    .map(({ code, message, total, done, suffix, state: end }: Wire) => ({ code, message, total, done, suffix, end }))
    .sort((a: Wire, b: Wire) => (a.code < b.code ? -1 : 1)),
  locks: (reserved_resources_record ?? []).map((lock: string) => lock.replace(/[0-9a-f-]{36}|\d+$/g, '<id>')).sort(),
});

/** Paths of values that differ. */
function differences(ours: unknown, theirs: unknown, at = ''): string[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isObject(ours) || !isObject(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
    return [`${at}: ours ${show(ours)} | peer ${show(theirs)}`];
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  return keys.flatMap((key) => differences(ours[key], theirs[key], `${at}.${key}`));
}

const show = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 700);

const [ourUrl, ourAccount, peerUrl, peerAccount] = process.argv.slice(2);
if (!ourUrl || !ourAccount || !peerUrl || !peerAccount) throw new Error('Give two URLs, each with its user:password');
const sides = [new Side(ourUrl, ourAccount), new Side(peerUrl, peerAccount)] as const;
let asked = 0;
let different = 0;

function report(what: string, ours: unknown, theirs: unknown): void {
  asked++;
  const found = differences(ours, theirs);
  if (found.length === 0) return;
  different++;
  process.stdout.write(`\n## ${what}\n${found.join('\n')}\n`);
}

/** Sends the same to both; the path may follow from what each side calls its things. */
async function both(
  what: string,
  method: string,
  path: string | ((side: Side, at: number) => string),
  body?: (at: number) => object | FormData | undefined,
  headers?: Record<string, string>,
): Promise<void> {
  const answers = await Promise.all(
    sides.map((side, at) => side.shown(method, typeof path === 'string' ? path : path(side, at), body?.(at), headers)),
  );
  report(what, answers[0], answers[1]);
}

async function each<T>(work: (side: Side, at: number) => Promise<T>): Promise<readonly [T, T]> {
  return (await Promise.all(sides.map(work))) as unknown as readonly [T, T];
}

function form(values: Record<string, string>, field: string, filename: string, bytes: Buffer): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  body.set(field, new Blob([new Uint8Array(bytes)]), filename);
  return body;
}

const salt = Date.now().toString(36);
const project = `cmp${salt}`;
const name = `Cmp.${salt}_X`;
const normalized = `cmp-${salt}-x`;
const stem = name.replace(/[.]/g, '_');
const packages: [string, Buffer][] = [
  [`${stem}-1.0-py3-none-any.whl`, makeWheel(name, '1.0').file],
  [`${stem}-1.0.tar.gz`, makeSdist(name, '1.0')],
  [`${stem}-1.1rc1.tar.gz`, makeSdist(name, '1.1rc1')],
  [`${stem}-0.9-2-py3-none-any.whl`, makeWheel(name, '0.9').file],
];

const upstream = await UpstreamIndex.start();
for (const version of ['1.0', '2.0', '2.1rc1', '3.0']) {
  const wheel = makeWheel('alpha', version);
  upstream.add({
    project: 'alpha',
    version,
    filename: `alpha-${version}-py3-none-any.whl`,
    body: wheel.file,
    metadata: wheel.metadata,
    ...(version === '2.0' && { yanked: 'broken' }),
  });
  upstream.add({ project: 'alpha', version, filename: `alpha-${version}.tar.gz`, body: makeSdist('alpha', version) });
}
upstream.add({
  project: 'alpha',
  version: '3.0',
  filename: 'alpha-3.0-cp311-cp311-win_amd64.whl',
  body: makeWheel('alpha', '3.0').file.subarray(0),
});
upstream.add({ project: 'beta', version: '0.1', filename: 'beta-0.1.tar.gz', body: makeSdist('beta', '0.1') });

const repos = await each((side) => side.json('POST', 'repositories/python/python/', { name: project }));
await each((side, at) =>
  side.json('POST', 'distributions/python/pypi/', {
    name: project,
    base_path: project,
    repository: repos[at]!.pulp_href,
  }),
);
const live = `/pypi/${project}/`;

// What is said of an index that is empty, absent or wrongly asked.
for (const path of [
  '',
  'simple/',
  'simple',
  'simple/none/',
  'pypi/none/json/',
  'pypi/none/json',
  'pypi/none/1.0/json/',
  'rss/updates.xml',
  'rss/packages.xml',
  'rss/project/none/releases.xml',
  'integrity/none/1/x/provenance/',
  'legacy/',
  'nothing/',
])
  await both(`empty: GET ${path}`, 'GET', live + path, undefined, { anonymous: '1' });
for (const path of ['', 'simple/', 'simple/a/', 'pypi/a/json/', 'legacy/'])
  await both(`absent: GET ${path}`, 'GET', `/pypi/none${project}/${path}`);

// Uploads, with their errors.
const [wheelName, wheelBytes] = packages[0]!;
const good = { sha256_digest: sha256Of(wheelBytes) };
const bad: Record<string, [Record<string, string>, string]> = {
  'no digest': [{}, wheelName],
  'short digest': [{ sha256_digest: 'abc' }, wheelName],
  'long digest': [{ sha256_digest: 'a'.repeat(65) }, wheelName],
  'other action': [{ ...good, action: 'foo' }, wheelName],
  'other protocol': [{ ...good, protocol_version: '2' }, wheelName],
  'other file type': [{ ...good, filetype: 'sdist' }, wheelName],
  'unknown file type': [{ ...good, filetype: 'x' }, wheelName],
  'metadata version': [{ ...good, metadata_version: '9' }, wheelName],
  extension: [{ ...good }, 'x.txt'],
  attestations: [{ ...good, attestations: 'x' }, wheelName],
  'attestations list': [{ ...good, attestations: '[{}]' }, wheelName],
};
for (const path of ['legacy/', 'simple/']) {
  for (const [what, [values, filename]] of Object.entries(bad))
    await both(`POST ${path}: ${what}`, 'POST', live + path, () => form(values, 'content', filename, wheelBytes));
  await both(`POST ${path}: anonymous`, 'POST', live + path, () => form(good, 'content', wheelName, wheelBytes), {
    anonymous: '1',
  });
  await both(`POST ${path}: nothing`, 'POST', live + path, () => new FormData());
}
for (const [filename, bytes] of packages)
  await both(`upload ${filename}`, 'POST', `${live}legacy/`, () =>
    form({ ':action': 'file_upload', sha256_digest: sha256Of(bytes) }, 'content', filename, bytes),
  );
await both('upload again', 'POST', `${live}legacy/`, () => form(good, 'content', wheelName, wheelBytes));
for (const method of ['PUT', 'DELETE', 'PATCH']) await both(`${method} simple/`, method, `${live}simple/`);

// The pages.
const accepts = [
  'text/html',
  JSON_TYPE,
  'application/vnd.pypi.simple.v1+html',
  'application/json',
  '*/*',
  `text/html, ${JSON_TYPE};q=0.1`,
];
for (const path of ['simple/', `simple/${normalized}/`, `simple/${name}/`])
  for (const accept of accepts) await both(`GET ${path} as ${accept}`, 'GET', live + path, undefined, { accept });
for (const path of [
  '',
  `simple/${name}`,
  'simple/?format=json',
  `simple/${normalized}/?format=json`,
  `pypi/${name}/json/`,
  `pypi/${name}/json`,
  `pypi/${name}/1.0/json/`,
  `pypi/${name}/7/json/`,
  'rss/updates.xml',
  'rss/packages.xml',
  `rss/project/${name}/releases.xml`,
  `integrity/${name}/1.0/${wheelName}/provenance/`,
])
  await both(`GET ${path}`, 'GET', live + path);
await both('HEAD simple/', 'HEAD', `${live}simple/`);
const metadataFile = `/pulp/content/${project}/${wheelName}.metadata`;
const contentOf = (side: Side, at: number, path: string) =>
  (at === 0 ? side.url : side.url.replace(/:(\d+)$/, (_, port) => `:${Number(port) - 1}`)) + path;
await both('GET metadata file', 'GET', (side, at) => contentOf(side, at, metadataFile));

// Units of the REST API.
const inRepo = async (query: string) =>
  await both(
    `packages ?${query}`,
    'GET',
    (_side, at) =>
      `content/python/packages/?repository_version=${repos[at]!.pulp_href}versions/4/&ordering=filename&${query}`,
  );
for (const query of [
  '',
  'minimal=true',
  'fields=name,version',
  'exclude_fields=description',
  `name=${name}`,
  `name__in=${normalized},x`,
  'name__contains=Cmp.',
  'version=1.0',
  'version__gt=0.9',
  'version__gte=1.0',
  'version__lt=1.0',
  'version__lte=1.1',
  'version_specifier=%3E%3D1.0',
  'version_specifier=%3E%3D1.0,%3C1.1',
  'version_specifier=~%3D1.0',
  'version_specifier=bad',
  'version_specifier=%3D%3D1.*',
  'packagetype=sdist',
  'packagetype=x',
  'packagetype__in=sdist,bdist_wheel',
  'requires_python=%3E%3D3.8',
  `filename=${wheelName}`,
  `sha256=${sha256Of(wheelBytes)}`,
  'author=x',
  'keywords__in=x',
  'nonsense=1',
])
  await inRepo(query);
await both('upload at once', 'POST', 'content/python/packages/upload/', () => form({}, 'file', 'x.txt', wheelBytes));
await both('upload at once, no file', 'POST', 'content/python/packages/upload/', () => new FormData());
await both('create without path', 'POST', 'content/python/packages/', () => form({}, 'file', wheelName, wheelBytes));
await both('create with wrong digest', 'POST', 'content/python/packages/', () =>
  form({ relative_path: wheelName, sha256: 'a'.repeat(64) }, 'file', wheelName, wheelBytes),
);
await both('create with wrong extension', 'POST', 'content/python/packages/', () =>
  form({ relative_path: 'x.txt' }, 'file', 'x.txt', wheelBytes),
);
await both('provenance, no package', 'POST', 'content/python/provenance/', () =>
  form({}, 'file', 'p.json', Buffer.from('{}')),
);

// Blocklist, substitution, rules.
const entries = [
  { name: 'Foo_Bar' },
  { name: 'foo-bar' },
  { name: 'foo', version: '1.0' },
  { name: 'foo', version: 'x y' },
  { filename: 'a.whl' },
  { filename: 'a.whl' },
  { filename: 'b', version: '1' },
  { version: '1' },
  {},
  { name: 'a', filename: 'b' },
  { name: '' },
];
for (const entry of entries)
  await both(
    `blocklist ${JSON.stringify(entry)}`,
    'POST',
    (_s, at) => `${repos[at]!.pulp_href}blocklist_entries/`,
    () => entry,
  );
await both('blocklist list', 'GET', (_s, at) => `${repos[at]!.pulp_href}blocklist_entries/`);
const substitute = makeSdist(name, '1.0', `other${salt}`);
const rules = await each((side) =>
  side.json('POST', 'repositories/python/python/', { name: `${project}-rules`, allow_package_substitution: false }),
);
const unitOf = async (side: Side, filename: string, bytes: Buffer) =>
  (await side.json('POST', 'content/python/packages/upload/', form({}, 'file', filename, bytes))).pulp_href as string;
const first = await each((side) => unitOf(side, packages[1]![0], packages[1]![1]));
const second = await each((side) => unitOf(side, packages[1]![0], substitute));
const modify = async (what: string, body: (at: number) => object) =>
  await both(what, 'POST', (_s, at) => `${rules[at]!.pulp_href}modify/`, body);
await modify('add', (at) => ({ add_content_units: [first[at]] }));
await modify('substitute', (at) => ({ add_content_units: [second[at]] }));
await modify('substitute with removal', (at) => ({ add_content_units: [second[at]], remove_content_units: ['*'] }));
await modify('both at once', (at) => ({ add_content_units: [first[at], second[at]] }));
await each((side, at) => side.json('POST', `${rules[at]!.pulp_href}blocklist_entries/`, { filename: packages[1]![0] }));
await modify('blocked', (at) => ({ add_content_units: [first[at]] }));
await each((side, at) => side.json('PATCH', rules[at]!.pulp_href, { error_on_reject: false }));
await modify('blocked, skipped', (at) => ({ add_content_units: [first[at]] }));
await both('repository', 'GET', (_s, at) => repos[at]!.pulp_href);
await both('distribution', 'GET', `distributions/python/pypi/?name=${project}`);

// Yanks.
await both('yank nothing', 'POST', `${live}yank/`, () => ({}));
await both('yank unknown', 'POST', `${live}yank/`, () => ({ name: 'none', version: '1' }));
await both('yank', 'POST', `${live}yank/`, () => ({ name, version: '1.0', yanked_reason: 'bad <b>' }));
await both('yank again', 'POST', `${live}yank/`, () => ({ name, version: '1.0', yanked_reason: 'bad <b>' }));
for (const accept of ['text/html', JSON_TYPE])
  await both(`yanked page as ${accept}`, 'GET', `${live}simple/${normalized}/`, undefined, { accept });
await both('yanked metadata', 'GET', `${live}pypi/${name}/1.0/json/`);
await both(
  'yank units',
  'GET',
  (_s, at) => `content/python/yanks/?repository_version=${repos[at]!.pulp_href}versions/5/`,
);
await both('unyank', 'POST', `${live}unyank/`, () => ({ name, version: '1.0' }));
await both('unyank again', 'POST', `${live}unyank/`, () => ({ name, version: '1.0' }));

// Remotes and syncs.
for (const body of [
  { includes: ['a=1'] },
  { excludes: ['>1'] },
  { package_types: ['x'] },
  { exclude_platforms: ['x'] },
  { keep_latest_packages: -1 },
  { includes: 'x' },
  { url: 'ftp://x/' },
])
  await both(`remote ${JSON.stringify(body)}`, 'POST', 'remotes/python/python/', () => ({
    name: `${project}-${Object.keys(body)[0]}`,
    url: upstream.url,
    ...body,
  }));
await both('remote', 'POST', 'remotes/python/python/', () => ({ name: `${project}-plain`, url: upstream.url }));
const config =
  '[mirror]\nmaster = https://example.com\nworkers = 3\n[plugins]\nenabled =\n    prerelease_release\n    allowlist_project\n    blocklist_project\n    exclude_platform\n    latest_release\n    regex_release_file_metadata\n[allowlist]\npackages =\n    alpha>=1\n    beta\n[blocklist]\npackages =\n    gamma\nplatforms =\n    windows\n    linux\n[latest_release]\nkeep = 3\n[regex_release_file_metadata]\nany:release_file.packagetype =\n    sdist\n    bdist_wheel\n';
for (const [what, text] of [
  ['whole', config],
  ['without plugins', '[mirror]\nmaster = https://example.com\n'],
  ['without mirror', '[x]\n'],
  ['nonsense', 'x'],
] as const)
  await both(`from_bandersnatch ${what}`, 'POST', 'remotes/python/python/from_bandersnatch/', () =>
    form({ name: `${project}-${what}`, policy: 'on_demand' }, 'config', 'x.conf', Buffer.from(text)),
  );
const selections: object[] = [
  {},
  { includes: ['alpha'] },
  { includes: ['alpha>=2'] },
  { includes: ['alpha<3', 'beta'] },
  { excludes: ['alpha'] },
  { excludes: ['alpha==1.0'] },
  { prereleases: true },
  { package_types: ['sdist'] },
  { package_types: ['bdist_wheel'], keep_latest_packages: 1 },
  { keep_latest_packages: 2, prereleases: true },
  { exclude_platforms: ['windows'] },
  { includes: ['none'] },
  { policy: 'immediate', includes: ['beta'] },
];
for (const [at, selection] of selections.entries()) {
  const syncs = await each(async (side) => {
    const remote = await side.json('POST', 'remotes/python/python/', {
      name: `${project}-s${at}`,
      url: upstream.url,
      ...selection,
    });
    const repository = await side.json('POST', 'repositories/python/python/', {
      name: `${project}-s${at}`,
      remote: remote.pulp_href,
    });
    const task = taskShown(await side.json('POST', `${repository.pulp_href}sync/`, { mirror: true }));
    const { latest_version_href: latest } = await side.json('GET', repository.pulp_href);
    const found = await side.json('GET', `content/python/packages/?repository_version=${latest}&ordering=filename`);
    const yanks = await side.json('GET', `content/python/yanks/?repository_version=${latest}`);
    return side.plain({ task, units: found.results, yanks: yanks.results });
  });
  report(`sync ${JSON.stringify(selection)}`, syncs[0], syncs[1]);
}
await both(
  'sync without remote',
  'POST',
  (_s, at) => `${repos[at]!.pulp_href}sync/`,
  () => ({}),
);

// Publications.
const published = await each(
  async (side, at) => await side.json('POST', 'publications/python/pypi/', { repository: repos[at]!.pulp_href }),
);
report('publication', taskShown(published[0]), taskShown(published[1]));
for (const path of ['simple/', `simple/${normalized}/`, `simple/${name}/`, `pypi/${name}/json/`])
  await both(`published: GET ${path}`, 'GET', live + path);
for (const path of [
  'simple/',
  `simple/${normalized}/`,
  `simple/${normalized}/index.html`,
  `pypi/${name}/json/`,
  `pypi/${name}/1.0/json`,
  '',
])
  await both(`content: GET ${path}`, 'GET', (side, at) => contentOf(side, at, `/pulp/content/${project}/${path}`));

// Pull-through.
await each(async (side) => {
  const remote = await side.json('POST', 'remotes/python/python/', {
    name: `${project}-pull`,
    url: upstream.url,
    excludes: ['beta'],
  });
  await side.json('POST', 'distributions/python/pypi/', {
    name: `${project}-pull`,
    base_path: `${project}-pull`,
    remote: remote.pulp_href,
  });
});
for (const accept of ['text/html', JSON_TYPE])
  for (const path of ['simple/', 'simple/alpha/', 'simple/beta/', 'simple/none/'])
    await both(`pulled: GET ${path} as ${accept}`, 'GET', `/pypi/${project}-pull/${path}`, undefined, { accept });
await both(
  'repair',
  'POST',
  (_s, at) => `${repos[at]!.pulp_href}repair_metadata/`,
  () => ({}),
);

upstream.close();
process.stdout.write(`\n${asked} questions, ${different} answered differently\n`);
