/** Indexes that pass another one through, what is kept of it, and the repair of metadata. */
import { makeSdist, makeWheel, UpstreamIndex } from '../../test/python/upstream.ts';
import type { Comparison, World } from './comparison.ts';
import { JSON_TYPE, type Wire } from './side.ts';

export async function comparePulled(comparison: Comparison, world: World): Promise<void> {
  await comparePages(comparison, world);
  for (const html of [false, true])
    for (const hasRepository of [false, true]) await compareKept(comparison, world, { html, hasRepository });
  await compareRepair(comparison, world);
}

const PATHS = ['simple/', 'simple/alpha/', 'simple/Alpha/', 'simple/beta/', 'simple/gamma/', 'simple/none/'];
const OTHER_PATHS = ['', 'pypi/alpha/json/', 'rss/updates.xml', 'integrity/alpha/1.0/alpha-1.0.tar.gz/provenance/'];

async function comparePages(comparison: Comparison, { project, upstream }: World): Promise<void> {
  const selections = [
    { excludes: ['beta'] },
    { includes: ['alpha>=2', 'beta'], excludes: ['alpha==3.0'] },
    { includes: ['gamma'], prereleases: true },
    { includes: ['alpha'], prereleases: true, package_types: ['sdist'], exclude_platforms: ['windows'] },
    { keep_latest_packages: 1, prereleases: true },
    { url: 'http://127.0.0.1:9/', max_retries: 0 },
  ];
  for (const [at, selection] of selections.entries()) {
    const base = `${project}-pull${at}`;
    await comparison.each(async (side) => {
      const more = { name: base, url: upstream.url, ...selection };
      const remote = await side.json('POST', 'remotes/python/python/', more);
      await side.json('POST', 'distributions/python/pypi/', { name: base, base_path: base, remote: remote.pulp_href });
    });
    for (const accept of ['text/html', JSON_TYPE])
      for (const path of at === 0 ? PATHS : ['simple/alpha/', 'simple/gamma/'])
        await comparison.both(
          `through ${JSON.stringify(selection)}: GET ${path} as ${accept}`,
          'GET',
          `/pypi/${base}/${path}`,
          undefined,
          { accept },
        );
    for (const path of at === 0 ? OTHER_PATHS : [])
      await comparison.both(`through ${JSON.stringify(selection)}: GET ${path}`, 'GET', `/pypi/${base}/${path}`);
  }
}

/** Fetches files by the links of the page, and looks at what has become of them. */
async function compareKept(
  comparison: Comparison,
  { project, salt }: World,
  { html, hasRepository }: { html: boolean; hasRepository: boolean },
): Promise<void> {
  const upstream = await UpstreamIndex.start({ xmlRpc: true, html });
  const of = `${salt}${html}${hasRepository}`;
  const wheel = makeWheel('delta', '1.0', of);
  const filename = 'delta-1.0-py3-none-any.whl';
  upstream.add({ project: 'delta', version: '1.0', filename, body: wheel.file, metadata: wheel.metadata });
  upstream.add({ project: 'delta', version: '1.0', filename: 'delta-1.0.tar.gz', body: makeSdist('delta', '1.0', of) });
  upstream.add({
    project: 'delta',
    version: '2.0',
    filename: 'delta-2.0.tar.gz',
    body: Buffer.from(`no package ${of}`),
  });
  const base = `${project}-kept-${html}-${hasRepository}`;
  const repos = await comparison.each(async (side) => {
    const remote = await side.json('POST', 'remotes/python/python/', { name: base, url: upstream.url });
    const repository = hasRepository && (await side.json('POST', 'repositories/python/python/', { name: base }));
    await side.json('POST', 'distributions/python/pypi/', {
      name: base,
      base_path: base,
      remote: remote.pulp_href,
      ...(repository && { repository: repository.pulp_href }),
    });
    return repository as Wire;
  });
  const what = `kept${html ? ', HTML' : ''}${hasRepository ? ', with a repository' : ''}`;
  const links = await comparison.each(async (side) => {
    const page = await side.fetch('GET', `/pypi/${base}/simple/delta/`, undefined, { accept: JSON_TYPE });
    return ((await page.json()) as Wire).files.map(({ url }: Wire) => url as string).sort() as string[];
  });
  const get = async (name: string, path: (at: number) => string) =>
    await comparison.both(`${what}: GET ${name}`, 'GET', path);
  for (const [at, link] of links[0].entries()) {
    await get(link.replace(/.*[/]/, ''), (side) => links[side]![at]!);
    await get(`${link.replace(/.*[/]/, '')} again`, (side) => links[side]![at]!);
  }
  const bare = (path: string) => (at: number) => comparison.contentOf(at, `/pulp/content/${base}/${path}`);
  await get('its metadata', (at) => links[at]!.find((link) => link.includes('.whl'))!.replace(/$/, '.metadata'));
  await get('metadata without an address', bare(`${filename}.metadata`));
  await get('a file without an address', bare(filename));
  await get('a file that is nowhere', bare(`delta-9.tar.gz?redirect=${upstream.url}files/delta-9.tar.gz`));
  await get('nothing', bare(''));
  // What was pulled becomes content a moment later.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const kept = await comparison.each(async (side, at) => {
    const units = await side.json('GET', 'content/python/packages/?name=delta&ordering=filename,pulp_created');
    const made = units.results.filter((unit: Wire) => Date.parse(unit.pulp_created) > Date.now() - 30_000);
    const latest = repos[at] ? (await side.json('GET', repos[at].pulp_href)).latest_version_href : null;
    const inside = latest && (await side.json('GET', `content/python/packages/?repository_version=${latest}`)).results;
    const names = (inside ?? []).map(({ filename: one }: Wire) => one).sort();
    return side.plain({
      made: made.map((unit: Wire) => ({ ...unit, artifact: unit.artifact !== null })),
      latest,
      names,
    });
  });
  comparison.report(`${what}: content`, kept[0], kept[1]);
  for (const accept of ['text/html', JSON_TYPE])
    await comparison.both(`${what}: page afterwards as ${accept}`, 'GET', `/pypi/${base}/simple/delta/`, undefined, {
      accept,
    });
  await comparison.both(`${what}: list afterwards`, 'GET', `/pypi/${base}/simple/`);
  upstream.close();
}

async function compareRepair(comparison: Comparison, { repos, project, salt }: World): Promise<void> {
  await comparison.both(
    'repair',
    'POST',
    (at) => `${repos[at]!.pulp_href}repair_metadata/`,
    () => ({}),
  );
  await comparison.both(
    'repair with words',
    'POST',
    (at) => `${repos[at]!.pulp_href}repair_metadata/`,
    () => ({ nonsense: 1 }),
  );
  const upstream = await UpstreamIndex.start({ xmlRpc: true });
  const wheel = makeWheel('echo', '1.0', salt);
  upstream.add({
    project: 'echo',
    version: '1.0',
    filename: 'echo-1.0-py3-none-any.whl',
    body: wheel.file,
    metadata: wheel.metadata,
  });
  upstream.add({ project: 'echo', version: '2.0', filename: 'echo-2.0.tar.gz', body: makeSdist('echo', '2.0', salt) });
  for (const policy of ['on_demand', 'immediate']) {
    const base = `${project}-repair-${policy}`;
    const results = await comparison.each(async (side) => {
      const remote = await side.json('POST', 'remotes/python/python/', { name: base, url: upstream.url, policy });
      const repository = await side.json('POST', 'repositories/python/python/', { name: base });
      await side.json('POST', `${repository.pulp_href}sync/`, { remote: remote.pulp_href });
      const look = async () => {
        const { latest_version_href: latest } = await side.json('GET', repository.pulp_href);
        const list = `content/python/packages/?repository_version=${latest}&ordering=filename`;
        const units = (await side.json('GET', list)).results;
        return { latest, units: units.map((unit: Wire) => ({ ...unit, artifact: unit.artifact !== null })) };
      };
      const before = await look();
      const task = await side.json('POST', `${repository.pulp_href}repair_metadata/`);
      const reports = task.progress_reports.map(({ total, done, state }: Wire) => ({ total, done, state }));
      return side.plain({ before, reports, after: await look() });
    });
    comparison.report(`repair of what was synced, ${policy}`, results[0], results[1]);
  }
  upstream.close();
}
