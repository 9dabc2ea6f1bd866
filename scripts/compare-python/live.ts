/** Asks live indexes: empty, absent, uploads with their errors, pages. */
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { makeWheel } from '../../test/python/upstream.ts';
import { type Comparison, digestOf, form, type World } from './comparison.ts';
import { JSON_TYPE } from './side.ts';

export async function compareLive(comparison: Comparison, world: World): Promise<void> {
  const { project, live, packages, name, normalized } = world;
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
    await comparison.both(`empty: GET ${path}`, 'GET', live + path, undefined, { anonymous: '1' });
  for (const path of ['', 'simple/', 'simple/a/', 'pypi/a/json/', 'legacy/'])
    await comparison.both(`absent: GET ${path}`, 'GET', `/pypi/none${project}/${path}`);

  await compareRefusals(comparison, world);
  const [wheelName, wheelBytes] = packages[0]!;
  const good = digestOf(wheelBytes);
  for (const [filename, bytes] of packages)
    await comparison.both(`upload ${filename}`, 'POST', `${live}legacy/`, () =>
      form({ ':action': 'file_upload', sha256_digest: sha256Of(bytes) }, 'content', filename, bytes),
    );
  await comparison.both('upload again', 'POST', `${live}legacy/`, () => form(good, 'content', wheelName, wheelBytes));
  for (const method of ['PUT', 'DELETE', 'PATCH']) await comparison.both(`${method} simple/`, method, `${live}simple/`);

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
    for (const accept of accepts)
      await comparison.both(`GET ${path} as ${accept}`, 'GET', live + path, undefined, { accept });
  for (const path of [
    '',
    `simple/${name}`,
    'simple/?format=json',
    `simple/${normalized}/?format=json`,
    `pypi/${name}/json/`,
    `pypi/${name}/json`,
    `pypi/${name}/1.0/json/`,
    `pypi/${name}/7/json/`,
    `pypi/${normalized}/json/`,
    `pypi/${normalized}/1.1rc1/json/`,
    `pypi/${normalized}/1.0/json`,
    `pypi/${normalized}/1.00/json/`,
    `pypi/${name}/`,
    `pypi/json/`,
    'rss/updates.xml',
    'rss/packages.xml',
    `rss/project/${name}/releases.xml`,
    `integrity/${name}/1.0/${wheelName}/provenance/`,
  ])
    await comparison.both(`GET ${path}`, 'GET', live + path);
  await comparison.both('HEAD simple/', 'HEAD', `${live}simple/`);
  const metadataFile = `/pulp/content/${project}/${wheelName}.metadata`;
  await comparison.both('GET metadata file', 'GET', (at) => comparison.contentOf(at, metadataFile));
}

/** Some of these are taken, so they go to an index of their own. */
async function compareRefusals(comparison: Comparison, { project, salt }: World): Promise<void> {
  const base = `${project}-refused`;
  const live = `/pypi/${base}/`;
  const repos = await comparison.each((side) => side.json('POST', 'repositories/python/python/', { name: base }));
  await comparison.each((side, at) =>
    side.json('POST', 'distributions/python/pypi/', { name: base, base_path: base, repository: repos[at]!.pulp_href }),
  );
  const wheelName = 'refused-1.0-py3-none-any.whl';
  const wheelBytes = makeWheel('refused', '1.0', salt).file;
  const good = digestOf(wheelBytes);
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
    'action of installers': [{ ...good, ':action': 'foo', sha256_digest: 'x' }, wheelName],
    'digest of another file': [{ sha256_digest: 'a'.repeat(64) }, wheelName],
    'digest that is none': [{ sha256_digest: 'z'.repeat(64) }, wheelName],
    'digest in capitals': [{ sha256_digest: good.sha256_digest.toUpperCase() }, 'x.txt'],
    'blank digest': [{ sha256_digest: '' }, wheelName],
    'blank file type': [{ ...good, filetype: '' }, 'x.txt'],
    'blank metadata version': [{ ...good, metadata_version: '' }, wheelName],
    'blank protocol': [{ ...good, protocol_version: '' }, wheelName],
    'path as a name': [{ ...good }, '../x-1.tar.gz'],
    attestations: [{ ...good, attestations: 'x' }, wheelName],
    'attestations list': [{ ...good, attestations: '[{}]' }, wheelName],
  };
  for (const path of ['legacy/', 'simple/']) {
    for (const [what, [values, filename]] of Object.entries(bad))
      await comparison.both(`POST ${path}: ${what}`, 'POST', live + path, () =>
        form(values, 'content', filename, wheelBytes),
      );
    await comparison.both(
      `POST ${path}: anonymous`,
      'POST',
      live + path,
      () => form(good, 'content', wheelName, wheelBytes),
      {
        anonymous: '1',
      },
    );
    await comparison.both(
      `POST ${path}: wrong password`,
      'POST',
      live + path,
      () => form(good, 'content', wheelName, wheelBytes),
      {
        authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}`,
      },
    );
    await comparison.both(`POST ${path}: JSON`, 'POST', live + path, () => ({ ...good, content: 'x' }));
    await comparison.both(`POST ${path}: nothing`, 'POST', live + path, () => new FormData());
  }
}
