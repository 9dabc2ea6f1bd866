/** Remotes with their errors, and what syncs bring. */
import { type Comparison, form, type World } from './comparison.ts';
import { taskShown, type Wire } from './side.ts';

export async function compareRemotes(comparison: Comparison, world: World): Promise<void> {
  const { repos, project, upstream } = world;
  for (const body of [
    { includes: ['a=1'] },
    { excludes: ['>1'] },
    { package_types: ['x'] },
    { exclude_platforms: ['x'] },
    { keep_latest_packages: -1 },
    { includes: 'x' },
    { url: 'ftp://x/' },
    { includes: ['a [x] >=1 ; python_version < "3"'] },
    { includes: [''] },
    { includes: [1] },
    { includes: null },
    { includes: ['a>=x'] },
    { includes: ['a @ http://x'] },
    { includes: ['a', 'a'] },
    { excludes: ['a=='] },
    { prereleases: 'x' },
    { prereleases: 1 },
    { package_types: 'sdist' },
    { package_types: ['sdist', 'sdist'] },
    { keep_latest_packages: 'x' },
    { keep_latest_packages: '2' },
    { keep_latest_packages: null },
    { provenance: 'x' },
    { policy: 'x' },
    { nonsense: 1 },
  ])
    await comparison.both(`remote ${JSON.stringify(body)}`, 'POST', 'remotes/python/python/', () => ({
      name: `${project}-${JSON.stringify(body).replace(/\W/g, '')}`,
      url: upstream.url,
      ...body,
    }));
  await comparison.both('remote', 'POST', 'remotes/python/python/', () => ({
    name: `${project}-plain`,
    url: upstream.url,
  }));
  const config =
    '[mirror]\nmaster = https://example.com\nworkers = 3\n[plugins]\nenabled =\n    prerelease_release\n    allowlist_project\n    blocklist_project\n    exclude_platform\n    latest_release\n    regex_release_file_metadata\n[allowlist]\npackages =\n    alpha>=1\n    beta\n[blocklist]\npackages =\n    gamma\nplatforms =\n    windows\n    linux\n[latest_release]\nkeep = 3\n[regex_release_file_metadata]\nany:release_file.packagetype =\n    sdist\n    bdist_wheel\n';
  for (const [what, text] of [
    ['without latest_release', config.replace('    latest_release\n', '')],
    ['whole', config],
    ['without plugins', '[mirror]\nmaster = https://example.com\n'],
    ['without mirror', '[x]\n'],
    ['nonsense', 'x'],
    [
      'with workers',
      '[mirror]\nmaster = https://example.com\nworkers = 3\n[plugins]\nenabled =\n    prerelease_release\n',
    ],
    ['nothing enabled', '[mirror]\nmaster = https://example.com\nworkers = 3\n[plugins]\nenabled =\n'],
    ['with all', config.replace(/enabled =[^[]*/, 'enabled = all\n').replace('keep = 3', '')],
    ['of wrong types', config.replace('    latest_release\n', '').replace('    sdist\n', '    nonsense\n')],
    ['of wrong names', config.replace('    latest_release\n', '').replace('alpha>=1', '=1')],
    [
      'with comments',
      config.replace('    latest_release\n', '').replace('beta\n', 'beta # a comment\n    ; another\n'),
    ],
    [
      'with releases',
      `${config.replace('    latest_release\n', '').replace('allowlist_project', 'allowlist_release')}`,
    ],
  ] as const)
    await comparison.both(`from_bandersnatch ${what}`, 'POST', 'remotes/python/python/from_bandersnatch/', () =>
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
    { policy: 'streamed', includes: ['alpha==1.0'] },
    { excludes: ['alpha<3', 'beta>0.1'] },
    { excludes: ['alpha>=1', 'alpha!=2'] },
    { includes: ['alpha>=2', 'alpha<2'] },
    { includes: ['Alpha ~= 2.0'] },
    { includes: ['alpha', 'gamma'], prereleases: true },
    { includes: ['alpha>2.1a1'], prereleases: false },
    { includes: ['alpha==3.1.dev1'] },
    { includes: ['alpha'], excludes: ['alpha'] },
    { includes: ['alpha==10.*'] },
    { keep_latest_packages: 1 },
    { keep_latest_packages: 3, excludes: ['alpha==10.0'] },
    { keep_latest_packages: 1, includes: ['alpha<3'] },
    { exclude_platforms: ['macos'] },
    { exclude_platforms: ['linux'] },
    { exclude_platforms: ['freebsd'] },
    { exclude_platforms: ['windows', 'macos', 'linux', 'freebsd'] },
    { package_types: ['sdist', 'bdist_wheel'] },
    { package_types: ['bdist_egg'] },
    { keep_latest_packages: 2, package_types: ['bdist_wheel'], prereleases: true, exclude_platforms: ['linux'] },
  ];
  for (const [at, selection] of selections.entries()) {
    const syncs = await comparison.each(async (side) => {
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
      const shown = found.results.map((unit: Wire) => ({ ...unit, artifact: unit.artifact !== null }));
      yanks.results.sort((a: Wire, b: Wire) => (a.name_normalized < b.name_normalized ? -1 : 1));
      return side.plain({
        task,
        files: shown.map(({ filename }: Wire) => filename),
        units: shown,
        yanks: yanks.results,
      });
    });
    comparison.report(`sync ${JSON.stringify(selection)}`, syncs[0], syncs[1]);
  }
  for (const [what, url] of [
    ['a server that is not there', 'http://127.0.0.1:9/'],
    ['an index without anything', `${upstream.url}nothing/`],
    ['an index without a slash', upstream.url.slice(0, -1)],
  ] as const) {
    const remotes = await comparison.each((side) =>
      side.json('POST', 'remotes/python/python/', {
        name: `${project}-${what}`,
        url,
        max_retries: 0,
        includes: ['beta'],
      }),
    );
    await comparison.both(
      `sync of ${what}`,
      'POST',
      (at) => `${repos[at]!.pulp_href}sync/`,
      (at) => ({ remote: remotes[at]!.pulp_href }),
    );
  }
  for (const body of [{ mirror: 'x' }, { optimize: true }, { remote: 'nonsense' }])
    await comparison.both(
      `sync ${JSON.stringify(body)}`,
      'POST',
      (at) => `${repos[at]!.pulp_href}sync/`,
      () => body,
    );
  await comparison.both(
    'sync without remote',
    'POST',
    (at) => `${repos[at]!.pulp_href}sync/`,
    () => ({}),
  );
}
