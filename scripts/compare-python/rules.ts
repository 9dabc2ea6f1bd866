/** Blocklists, substitution, and releases that are taken back. */
import { makeSdist } from '../../test/python/upstream.ts';
import { type Comparison, digestOf, form, type World } from './comparison.ts';
import { JSON_TYPE, type Side } from './side.ts';

export async function compareRules(comparison: Comparison, world: World): Promise<void> {
  const { repos, project, name, normalized, packages, salt, live } = world;
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
    { name: 'foo', version: '1.00' },
    { name: 'foo', version: '' },
    { name: 'foo', version: null },
    { name: '-' },
    { name: 1 },
    { filename: '' },
    { name: 'x', nonsense: 1 },
  ];
  for (const entry of entries)
    await comparison.both(
      `blocklist ${JSON.stringify(entry)}`,
      'POST',
      (at) => `${repos[at]!.pulp_href}blocklist_entries/`,
      () => entry,
    );
  for (const query of [
    '',
    '?name=Foo_Bar',
    '?name=foo-bar',
    '?name__in=foo',
    '?filename=a.whl',
    '?version=1.0',
    '?version__isnull=true',
    '?version__isnull=x',
    '?ordering=name',
    '?ordering=nonsense',
    '?limit=1',
    '?nonsense=1',
    '?fields=name',
    '?q=name%3Dfoo',
  ])
    await comparison.both(
      `blocklist list ${query}`,
      'GET',
      (at) => `${repos[at]!.pulp_href}blocklist_entries/${query}`,
    );
  const entry = await comparison.each(async (side, at) => {
    const { results } = await side.json('GET', `${repos[at]!.pulp_href}blocklist_entries/?filename=a.whl`);
    return results[0].pulp_href as string;
  });
  for (const method of ['GET', 'PATCH', 'PUT', 'DELETE', 'GET'])
    await comparison.both(`blocklist entry ${method}`, method, (at) => entry[at]!);
  const substitute = makeSdist(name, '1.0', `other${salt}`);
  const rules = await comparison.each((side) =>
    side.json('POST', 'repositories/python/python/', { name: `${project}-rules`, allow_package_substitution: false }),
  );
  const unitOf = async (side: Side, filename: string, bytes: Buffer) =>
    (await side.json('POST', 'content/python/packages/upload/', form({}, 'file', filename, bytes))).pulp_href as string;
  const first = await comparison.each((side) => unitOf(side, packages[1]![0], packages[1]![1]));
  const second = await comparison.each((side) => unitOf(side, packages[1]![0], substitute));
  const modify = async (what: string, body: (at: number) => object) =>
    await comparison.both(what, 'POST', (at) => `${rules[at]!.pulp_href}modify/`, body);
  await modify('add', (at) => ({ add_content_units: [first[at]] }));
  await modify('substitute', (at) => ({ add_content_units: [second[at]] }));
  await modify('substitute with removal', (at) => ({ add_content_units: [second[at]], remove_content_units: ['*'] }));
  await modify('both at once', (at) => ({ add_content_units: [first[at], second[at]] }));
  await comparison.each((side, at) =>
    side.json('POST', `${rules[at]!.pulp_href}blocklist_entries/`, { filename: packages[1]![0] }),
  );
  await modify('blocked', (at) => ({ add_content_units: [first[at]] }));
  await comparison.each((side, at) => side.json('PATCH', rules[at]!.pulp_href, { error_on_reject: false }));
  await modify('blocked, skipped', (at) => ({ add_content_units: [first[at]] }));
  await comparison.each((side, at) => side.json('PATCH', rules[at]!.pulp_href, { error_on_reject: true }));
  const ruled = `${project}-rules`;
  await comparison.each((side, at) =>
    side.json('POST', 'distributions/python/pypi/', {
      name: ruled,
      base_path: ruled,
      repository: rules[at]!.pulp_href,
    }),
  );
  const [filename, bytes] = packages[1]!;
  const send = async (what: string) => {
    await comparison.both(`upload of an installer, ${what}`, 'POST', `/pypi/${ruled}/legacy/`, () =>
      form(digestOf(bytes), 'content', filename, bytes),
    );
    await comparison.both(`upload, ${what}`, 'POST', 'content/python/packages/', (at) =>
      form({ relative_path: filename, repository: rules[at]!.pulp_href }, 'file', filename, substitute),
    );
  };
  await comparison.each((side, at) =>
    side.json('POST', `${rules[at]!.pulp_href}modify/`, { remove_content_units: ['*'] }),
  );
  await send('blocked');
  await comparison.each(async (side, at) => {
    const entries = await side.json('GET', `${rules[at]!.pulp_href}blocklist_entries/`);
    for (const one of entries.results) await side.json('DELETE', one.pulp_href);
  });
  await send('a substitute');
  await comparison.each((side, at) => side.json('PATCH', rules[at]!.pulp_href, { error_on_reject: false }));
  await send('a substitute, skipped');
  await comparison.each((side, at) => side.json('POST', `${rules[at]!.pulp_href}blocklist_entries/`, { name }));
  await send('blocked by its name, skipped');
  const sealed = `${project}-sealed`;
  await comparison.each((side, at) =>
    side.json('POST', 'distributions/python/pypi/', {
      name: sealed,
      base_path: sealed,
      repository: rules[at]!.pulp_href,
      allow_uploads: false,
    }),
  );
  await comparison.both('upload where none is allowed', 'POST', `/pypi/${sealed}/legacy/`, () =>
    form(digestOf(bytes), 'content', filename, bytes),
  );
  const bare = `${project}-bare`;
  await comparison.each((side) => side.json('POST', 'distributions/python/pypi/', { name: bare, base_path: bare }));
  await comparison.both('upload to no repository', 'POST', `/pypi/${bare}/legacy/`, () =>
    form(digestOf(bytes), 'content', filename, bytes),
  );
  for (const path of ['', 'simple/', 'simple/a/', 'simple/?format=json', 'pypi/a/json/', 'rss/updates.xml'])
    await comparison.both(`no repository: GET ${path}`, 'GET', `/pypi/${bare}/${path}`);
  await comparison.both('no repository: yank', 'POST', `/pypi/${bare}/yank/`, () => ({ name, version: '1.0' }));
  await comparison.both('repository', 'GET', (at) => repos[at]!.pulp_href);
  await comparison.both('distribution', 'GET', `distributions/python/pypi/?name=${project}`);

  // Yanks.
  await comparison.both('yank nothing', 'POST', `${live}yank/`, () => ({}));
  await comparison.both('yank of nobody', 'POST', `${live}yank/`, () => ({ name, version: '1.0' }), { anonymous: '1' });
  await comparison.both('yank blank', 'POST', `${live}yank/`, () => ({ name: '', version: '' }));
  await comparison.both('yank of no text', 'POST', `${live}yank/`, () => ({ name: 1, version: [1] }));
  await comparison.both('yank without a version', 'POST', `${live}yank/`, () => ({ name }));
  await comparison.both('GET yank/', 'GET', `${live}yank/`);
  await comparison.both('unyank unknown', 'POST', `${live}unyank/`, () => ({ name: 'none', version: '1' }));
  await comparison.both('unyank what is not yanked', 'POST', `${live}unyank/`, () => ({ name, version: '1.0' }));
  await comparison.both('yank unknown', 'POST', `${live}yank/`, () => ({ name: 'none', version: '1' }));
  await comparison.both('yank', 'POST', `${live}yank/`, () => ({ name, version: '1.0', yanked_reason: 'bad <b>' }));
  await comparison.both('yank again', 'POST', `${live}yank/`, () => ({
    name,
    version: '1.0',
    yanked_reason: 'bad <b>',
  }));
  await comparison.both('yank for another reason', 'POST', `${live}yank/`, () => ({
    name: normalized,
    version: '1.0',
    yanked_reason: 'worse "q"',
  }));
  await comparison.both('yank for no reason', 'POST', `${live}yank/`, () => ({ name, version: '0.9' }));
  for (const accept of ['text/html', JSON_TYPE])
    await comparison.both(`yanked page as ${accept}`, 'GET', `${live}simple/${normalized}/`, undefined, { accept });
  await comparison.both('yanked metadata', 'GET', `${live}pypi/${name}/1.0/json/`);
  await comparison.both(
    'yank units',
    'GET',
    (at) => `content/python/yanks/?repository_version=${repos[at]!.pulp_href}versions/5/`,
  );
  await comparison.both(
    'yank units of the latest',
    'GET',
    (at) => `content/python/yanks/?repository_version=${repos[at]!.pulp_href}versions/9/`,
  );
  await comparison.both('unyank', 'POST', `${live}unyank/`, () => ({ name, version: '1.0' }));
  await comparison.both('unyank again', 'POST', `${live}unyank/`, () => ({ name, version: '1.0' }));
}
