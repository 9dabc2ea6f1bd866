/** Publications: their pages, what serves them, and the index in front of them. */
import type { Comparison, World } from './comparison.ts';
import { JSON_TYPE, taskShown } from './side.ts';

export async function comparePublished(comparison: Comparison, world: World): Promise<void> {
  const { repos, project, name, normalized, live } = world;
  const publish = async (what: string, body: (at: number) => object) => {
    const published = await comparison.each((side, at) => side.json('POST', 'publications/python/pypi/', body(at)));
    comparison.report(what, taskShown(published[0]), taskShown(published[1]));
    return published.map(({ created_resources: made }) => made[0] as string);
  };
  const publications = await publish('publication', (at) => ({ repository: repos[at]!.pulp_href }));
  await comparison.both('publication', 'GET', (at) => publications[at]!);
  const base = `${project}-published`;
  await comparison.each((side, at) =>
    side.json('POST', 'distributions/python/pypi/', { name: base, base_path: base, publication: publications[at]! }),
  );
  await comparison.both('distribution of a publication', 'GET', `distributions/python/pypi/?name=${base}`);
  for (const [what, index] of [
    ['beside a publication', live],
    ['of a publication', `/pypi/${base}/`],
  ] as const) {
    for (const path of [
      '',
      'simple/',
      `simple/${normalized}/`,
      `simple/${name}/`,
      'simple/none/',
      `pypi/${name}/json/`,
    ])
      await comparison.both(`index ${what}: GET ${path}`, 'GET', index + path);
    await comparison.both(`index ${what}: GET simple/ as JSON`, 'GET', `${index}simple/`, undefined, {
      accept: JSON_TYPE,
    });
  }
  for (const path of [
    'simple/',
    'simple',
    'simple/index.html',
    `simple/${normalized}/`,
    `simple/${normalized}`,
    `simple/${name}/`,
    `simple/${normalized}/index.html`,
    'simple/none/',
    `pypi/${name}/json`,
    `pypi/${name}/json/`,
    `pypi/${normalized}/1.0/json`,
    `pypi/none/json`,
    '',
  ])
    for (const where of [project, base])
      await comparison.both(
        `content of ${where === base ? 'a publication' : 'a repository'}: GET ${path}`,
        'GET',
        (at) => comparison.contentOf(at, `/pulp/content/${where}/${path}`),
      );
  const empty = await comparison.each((side) =>
    side.json('POST', 'repositories/python/python/', { name: `${project}-empty`, autopublish: true }),
  );
  const nothing = await publish('publication of nothing', (at) => ({ repository: empty[at]!.pulp_href }));
  await comparison.each((side, at) =>
    side.json('POST', 'distributions/python/pypi/', {
      name: `${project}-empty`,
      base_path: `${project}-empty`,
      publication: nothing[at]!,
    }),
  );
  for (const path of ['simple/', 'simple/index.html', ''])
    await comparison.both(`content of nothing: GET ${path}`, 'GET', (at) =>
      comparison.contentOf(at, `/pulp/content/${project}-empty/${path}`),
    );
  for (const body of [{}, { repository: 'x' }, { repository_version: 'x' }, { nonsense: 1 }])
    await comparison.both(`publication ${JSON.stringify(body)}`, 'POST', 'publications/python/pypi/', () => body);
  await comparison.both('publication of both', 'POST', 'publications/python/pypi/', (at) => ({
    repository: repos[at]!.pulp_href,
    repository_version: `${repos[at]!.pulp_href}versions/1/`,
  }));
  await comparison.both(
    'modify with autopublish',
    'POST',
    (at) => `${empty[at]!.pulp_href}modify/`,
    (at) => ({ base_version: `${repos[at]!.pulp_href}versions/1/` }),
  );
  const auto = await comparison.each(async (side, at) => {
    const { results } = await side.json('GET', `publications/python/pypi/?repository=${empty[at]!.pulp_href}`);
    return side.plain(results);
  });
  comparison.report('publications made by autopublish', auto[0], auto[1]);
}
