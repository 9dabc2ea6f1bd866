/** Asks the REST API for packages, provenance and yanks, by each filter with good and bad values, and uploads there. */
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { makeSdist } from '../../test/python/upstream.ts';
import { type Comparison, form, type World } from './comparison.ts';
import type { Wire } from './side.ts';

const NO_ID = '01000000-0000-7000-8000-000000000000';

export async function compareUnits(comparison: Comparison, world: World): Promise<void> {
  await compareFilters(comparison, world);
  await compareCreation(comparison, world);
}

async function compareFilters(comparison: Comparison, { repos, name, normalized, packages }: World): Promise<void> {
  const [wheelName, wheelBytes] = packages[0]!;
  const versions = repos.map((repo) => `${repo.pulp_href}versions/4/`);
  const units = await comparison.each((side, at) =>
    side.json('GET', `content/python/packages/?repository_version=${versions[at]}&ordering=filename`),
  );
  const ask = async (query: string | ((at: number, unit: Wire) => string)) => {
    const queryOf = (at: number) => (typeof query === 'string' ? query : query(at, units[at]!.results[0]));
    const within = (at: number) => `repository_version=${versions[at]}&`;
    const ordered = (at: number) => (queryOf(at).includes('ordering') ? '' : '&ordering=filename');
    const what = typeof query === 'string' ? query : query(0, { pulp_href: 'HREF', prn: 'PRN' });
    await comparison.both(
      `packages ?${what.replace(NO_ID, 'NONE')}`,
      'GET',
      (at) => `content/python/packages/?${within(at)}${queryOf(at)}${ordered(at)}`,
    );
  };
  for (const query of [
    '',
    'minimal=true',
    'minimal=nonsense',
    'fields=name,version',
    'fields=nonsense',
    'exclude_fields=description',
    'limit=1',
    'limit=1&offset=2',
    'limit=x',
    'limit=-1',
    'limit=0',
    'offset=-1',
    'ordering=version',
    'ordering=-version,filename',
    'ordering=nonsense',
    'ordering=name_normalized',
    'ordering=pulp_created',
    ...['author', 'filename', 'requires_python', 'packagetype', 'sha256', 'name', 'version'].map((one) => `${one}=`),
    'author=x',
    'author__in=x,y',
    'author__contains=x',
    'author__icontains=x',
    `filename=${wheelName}`,
    `filename=${wheelName.toUpperCase()}`,
    `filename__in=${wheelName},x`,
    'filename__contains=1.0',
    'filename__contains=%25',
    'keywords=x',
    'keywords__in=x',
    'keywords__in=',
    'keywords__contains=x',
    'keywords__contains=',
    `name=${name}`,
    `name=${normalized}`,
    `name__in=${normalized},x`,
    'name__contains=Cmp.',
    'name__contains=cmp-',
    'name__icontains=cmp',
    'version=1.0',
    'version=1.0,1',
    'version__gt=0.9',
    'version__gte=1.0',
    'version__lt=1.0',
    'version__lte=1.1',
    'version__lt=10',
    'version__in=1.0',
    'version_specifier=%3E%3D1.0',
    'version_specifier=%3E%3D1.0,%3C1.1',
    'version_specifier=~%3D1.0',
    'version_specifier=~%3D1',
    'version_specifier=bad',
    'version_specifier=',
    'version_specifier=%3D%3D1.*',
    'version_specifier=%3D%3D%3D1.0',
    'version_specifier=%3C1.1',
    'packagetype=sdist',
    'packagetype=x',
    'packagetype__in=sdist,bdist_wheel',
    'packagetype__in=sdist,x',
    'requires_python=%3E%3D3.8',
    'requires_python__in=%3E%3D3.8,x',
    'requires_python__contains=3.',
    `sha256=${sha256Of(wheelBytes)}`,
    `sha256=${sha256Of(wheelBytes).toUpperCase()}`,
    'sha256=x',
    `sha256__in=${sha256Of(wheelBytes)},x`,
    'nonsense=1',
    'orphaned_for=0',
    'orphaned_for=x',
    'orphaned_for=-1',
    'pulp_label_select=a',
    'pulp_label_select=a%3D%3D',
    `q=filename%3D${wheelName}`,
    'q=version%3D1.0 AND packagetype%3Dsdist',
    'q=nonsense%3D1',
    'q=(',
    `pulp_href__in=/pulp/api/v3/content/python/packages/${NO_ID}/`,
    'pulp_href__in=nonsense',
    `pulp_id__in=${NO_ID}`,
    'pulp_id__in=nonsense',
    `prn__in=prn:python.pythonpackagecontent:${NO_ID}`,
    'prn__in=nonsense',
    'prn__in=',
  ])
    await ask(query);
  await ask((_at, unit) => `pulp_href__in=${unit.pulp_href}`);
  await ask((_at, unit) => `pulp_href__in=${unit.pulp_href},/pulp/api/v3/content/python/packages/${NO_ID}/`);
  await ask((_at, unit) => `prn__in=${unit.prn}`);
  await ask((_at, unit) => `pulp_id__in=${String(unit.pulp_href).split('/').at(-2)}`);
  for (const list of ['packages', 'provenance', 'yanks'])
    for (const filter of ['repository_version', 'repository_version_added', 'repository_version_removed']) {
      const by = async (what: string, value: (at: number) => string) =>
        await comparison.both(`${list} ?${filter}=${what}`, 'GET', (at) => {
          const order = list === 'packages' ? '&ordering=filename' : '';
          return `content/python/${list}/?${filter}=${value(at)}${order}`;
        });
      await by('the second', (at) => `${repos[at]!.pulp_href}versions/2/`);
      await by('its PRN', (at) => versions[at]!);
      await by('none', (at) => `${repos[at]!.pulp_href}versions/99/`);
      await by('nonsense', () => 'nonsense');
      await by('a repository', (at) => repos[at]!.pulp_href);
    }
  for (const filter of ['added_between', 'removed_between']) {
    const by = async (what: string, value: (at: number) => string) =>
      await comparison.both(
        `packages ?${filter}=${what}`,
        'GET',
        (at) => `content/python/packages/?${filter}=${value(at)}&ordering=filename`,
      );
    await by('two', (at) => `${repos[at]!.pulp_href}versions/1/,${versions[at]}`);
    await by('one', (at) => versions[at]!);
    await by('nonsense', () => 'a,b');
  }
  for (const query of [
    'package=nonsense',
    `package=/pulp/api/v3/content/python/packages/${NO_ID}/`,
    `package__in=/pulp/api/v3/content/python/packages/${NO_ID}/`,
    'package__in=nonsense',
    'sha256=x',
    'sha256__in=x,y',
    'ordering=sha256&sha256=x',
    'ordering=package&sha256=x',
  ])
    await comparison.both(`provenance ?${query.replace(NO_ID, 'NONE')}`, 'GET', `content/python/provenance/?${query}`);
  for (const query of ['name_normalized=x', 'version=1', 'yanked_reason=x', 'ordering=version&limit=1'])
    await comparison.both(`yanks ?${query}`, 'GET', `content/python/yanks/?${query}`);
}

async function compareCreation(comparison: Comparison, { name, packages, repos, salt }: World): Promise<void> {
  const [wheelName, wheelBytes] = packages[0]!;
  const create = async (what: string, values: Record<string, string>, filename = wheelName, bytes = wheelBytes) =>
    await comparison.both(`create ${what}`, 'POST', 'content/python/packages/', () =>
      form(values, 'file', filename, bytes),
    );
  await comparison.both('upload at once', 'POST', 'content/python/packages/upload/', () =>
    form({}, 'file', 'x.txt', wheelBytes),
  );
  await comparison.both('upload at once, no file', 'POST', 'content/python/packages/upload/', () => new FormData());
  await comparison.both('upload at once, known', 'POST', 'content/python/packages/upload/', () =>
    form({}, 'file', wheelName, wheelBytes),
  );
  await comparison.both('upload at once, other name', 'POST', 'content/python/packages/upload/', () =>
    form({ summary: 'mine' }, 'file', 'other-9.tar.gz', makeSdist(name, '9', salt)),
  );
  await create('without path', {});
  await create('with wrong digest', { relative_path: wheelName, sha256: 'a'.repeat(64) });
  await create('with no digest', { relative_path: wheelName, sha256: 'x' });
  await create('with wrong extension', { relative_path: 'x.txt' }, 'x.txt');
  await create('with a path', { relative_path: `a/${wheelName}` });
  await create('from the root', { relative_path: `/${wheelName}` });
  await create('that is known', { relative_path: wheelName });
  await create('with attestations that are none', { relative_path: wheelName, attestations: 'x' });
  await create('with a list of no attestations', { relative_path: wheelName, attestations: '[{}]' });
  await create('with an empty list of attestations', { relative_path: wheelName, attestations: '[]' });
  await create('with nothing but a name', { relative_path: 'e-1.tar.gz' }, 'e-1.tar.gz', Buffer.from(''));
  await create('no package', { relative_path: 'e-1.tar.gz' }, 'e-1.tar.gz', Buffer.from('nothing'));
  await create('no wheel', { relative_path: 'e-1-py3-none-any.whl' }, 'e-1-py3-none-any.whl', Buffer.from('nothing'));
  await create('into no repository', { relative_path: wheelName, repository: 'nonsense' });
  await create('labelled', { relative_path: wheelName, pulp_labels: '{"a": "b"}' });
  await create('wrongly labelled', { relative_path: wheelName, pulp_labels: '{"a b": "b"}' });
  await comparison.both('create of nothing', 'POST', 'content/python/packages/', () => ({ relative_path: wheelName }));
  await comparison.both('create of no artifact', 'POST', 'content/python/packages/', () => ({
    relative_path: wheelName,
    artifact: `/pulp/api/v3/artifacts/${NO_ID}/`,
  }));
  await comparison.both('create of no upload', 'POST', 'content/python/packages/', () => ({
    relative_path: wheelName,
    upload: `/pulp/api/v3/uploads/${NO_ID}/`,
  }));
  await comparison.both('create of an address that is none', 'POST', 'content/python/packages/', () => ({
    relative_path: wheelName,
    file_url: 'nonsense',
  }));
  const created = await comparison.each(async (side, at) => {
    const filename = `${name.replace(/[.]/g, '_')}-5.tar.gz`;
    const values = { relative_path: filename, repository: repos[at]!.pulp_href as string };
    const task = await side.json(
      'POST',
      'content/python/packages/',
      form(values, 'file', filename, makeSdist(name, '5', salt)),
    );
    const units = await side.json('GET', `content/python/packages/?filename=${filename}`);
    const repository = await side.json('GET', repos[at]!.pulp_href);
    await side.json('POST', `${repos[at]!.pulp_href}modify/`, {
      base_version: `${repos[at]!.pulp_href}versions/4/`,
    });
    return side.plain({
      task: task.state,
      created: task.created_resources,
      units,
      latest: repository.latest_version_href,
    });
  });
  comparison.report('create into a repository', created[0], created[1]);
}
