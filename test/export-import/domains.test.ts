/** Archives between domains, and as the peer writes them: packages and files, whole, in pieces and continued. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { ChunkedFile } from '../../src/engines/export-import/chunked-file.ts';
import { TarWriter } from '../../src/engines/export-import/tar-writer.ts';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { makeSdist, makeWheel } from '../python/upstream.ts';
import { useRunningServer } from '../support/running-server.ts';

const place = mkdtempSync(join(tmpdir(), 'deckle-archives-'));
after(() => rmSync(place, { recursive: true, force: true }));
const server = await useRunningServer({
  domain_enabled: true,
  allowed_export_paths: [place],
  allowed_import_paths: [place],
});
const api = (domain: string) => `/pulp/${domain}/api/v3/`;
for (const name of ['from', 'to']) {
  const storage_settings = { location: join(place, `storage-${name}`) };
  const made = await server.call('POST', `${api('default')}domains/`, {
    name,
    storage_class: 'pulpcore.app.models.storage.FileSystem',
    storage_settings,
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
type Found = any;

async function done(path: string, body: object | FormData): Promise<Found> {
  const { status, body: answer } = await server.call('POST', path, body);
  assert.equal(status, 202, JSON.stringify(answer));
  const task = await server.ended(answer.task);
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  return task;
}

async function upload(
  domain: string,
  type: string,
  repository: string,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const form = new FormData();
  form.set('relative_path', path);
  form.set('repository', repository);
  form.set('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), path);
  await done(`${api(domain)}content/${type}/`, form);
}

const repositories = {
  files: (await server.create(`${api('from')}repositories/file/file/`, { name: 'files', manifest: 'LIST' })).pulp_href,
  packages: (
    await server.create(`${api('from')}repositories/python/python/`, {
      name: 'packages',
      allow_package_substitution: false,
    })
  ).pulp_href,
};
await upload('from', 'file/files', repositories.files, 'd/a.txt', Buffer.alloc(9000, 'a'));
await upload(
  'from',
  'python/packages',
  repositories.packages,
  'shelf-1.0-py3-none-any.whl',
  makeWheel('shelf', '1.0').file,
);
await upload('from', 'python/packages', repositories.packages, 'shelf-2.0.tar.gz', makeSdist('shelf', '2.0'));

const exporter = await server.create(`${api('from')}exporters/core/pulp/`, {
  path: join(place, 'out'),
  repositories: Object.values(repositories),
});

async function exported(body: object): Promise<{ files: string[]; toc: string }> {
  const task = await done(`${exporter.pulp_href}exports/`, body);
  const { body: one } = await server.call('GET', task.created_resources[0]);
  return { files: Object.keys(one.output_file_info), toc: one.toc_info.file };
}

async function imported(domain: string, source: object): Promise<void> {
  const importer = await server.create(`${api(domain)}importers/core/pulp/`, {});
  const check = await server.call('POST', `${api(domain)}importers/core/pulp/import-check/`, source);
  for (const found of Object.values(check.body as Record<string, Found>))
    assert.deepEqual([found.is_valid, found.messages], [true, []]);
  const { body } = await server.call('POST', `${importer.pulp_href}imports/`, { ...source, create_repositories: true });
  for (;;) {
    const { body: group } = await server.call('GET', body.task_group);
    if (group.all_tasks_dispatched && group.waiting + group.running === 0) {
      for (const { pulp_href: href } of group.tasks) {
        const task = await server.ended(href);
        assert.equal(task.state, 'completed', JSON.stringify(task.error));
      }
      return;
    }
    await server.ended(group.tasks.at(-1).pulp_href);
  }
}

/** Units of a repository's newest version without what is of this domain only. */
async function units(domain: string, type: string, repository: string, name: string): Promise<object[]> {
  const { body } = await server.call('GET', `${api(domain)}repositories/${repository}/?name=${name}`);
  const { body: list } = await server.call(
    'GET',
    `${api(domain)}content/${type}/?repository_version=${body.results[0].latest_version_href}`,
  );
  const own = new Set(['pulp_href', 'prn', 'pulp_created', 'pulp_last_updated', 'artifact', 'vuln_report']);
  const plain = list.results.map((one: object) =>
    Object.fromEntries(Object.entries(one).filter(([key]) => !own.has(key))),
  );
  return plain.sort((a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

async function assertSame(domain: string): Promise<void> {
  for (const [type, repository, name] of [
    ['file/files', 'file/file', 'files'],
    ['python/packages', 'python/python', 'packages'],
  ] as const) {
    const wanted = await units('from', type, repository, name);
    assert.ok(wanted.length > 0);
    assert.deepEqual(await units(domain, type, repository, name), wanted, `${name} in ${domain}`);
  }
}

const records = (tar: string, file: string) =>
  JSON.parse(execFileSync('tar', ['xOf', tar, file], { encoding: 'utf8' }));

test('whole, with the records of packages and the folder of domains', async () => {
  const { files } = await exported({ full: true });
  const tar = files.find((path) => path.endsWith('.tar'))!;
  const listed = execFileSync('tar', ['tf', tar], { encoding: 'utf8' }).trim().split('\n');
  assert.equal(listed.filter((name) => /^artifact\/DOMAIN\/[0-9a-f]{2}\/[0-9a-f]{62}$/.test(name)).length, 4);
  const [artifact] = records(tar, 'pulpcore.app.modelresource.ArtifactResource.json');
  assert.match(artifact.file, new RegExp(`^artifact/${artifact.pulp_domain}/[0-9a-f]{2}/[0-9a-f]{62}$`));
  const [record] = records(
    tar,
    'repository-packages_2/pulp_python.app.modelresource.PythonPackageContentResource.json',
  );
  assert.deepEqual(
    [record.name, record.size, record.requires_python, record.classifiers, record.project_urls],
    ['shelf', String(makeWheel('shelf', '1.0').file.length), '>=3.8', '"[]"', '"{}"'],
  );
  const [repository] = records(
    tar,
    'repository-packages_2/pulp_python.app.modelresource.PythonRepositoryResource.json',
  );
  assert.deepEqual([repository.allow_package_substitution, repository.error_on_reject], ['0', '1']);
  for (const domain of ['to', 'default']) {
    await imported(domain, { path: tar });
    await assertSame(domain);
  }
});

test('the default domain has no folder', async () => {
  const { body } = await server.call('GET', `${api('default')}repositories/file/file/?name=files`);
  const own = await server.create(`${api('default')}exporters/core/pulp/`, {
    path: join(place, 'default'),
    repositories: [body.results[0].pulp_href],
  });
  const task = await done(`${own.pulp_href}exports/`, { full: true });
  const { body: one } = await server.call('GET', task.created_resources[0]);
  const tar = Object.keys(one.output_file_info).find((path) => path.endsWith('.tar'))!;
  const [artifact] = records(tar, 'pulpcore.app.modelresource.ArtifactResource.json');
  assert.match(artifact.file, /^artifact\/[0-9a-f]{2}\/[0-9a-f]{62}$/);
  assert.ok(execFileSync('tar', ['tf', tar], { encoding: 'utf8' }).includes(artifact.file));
});

test('in pieces, and continued by what came later', async () => {
  const pieces = await exported({ full: true, chunk_size: '4KB' });
  assert.ok(pieces.files.length > 3);
  await imported('to', { toc: pieces.toc });
  await upload('from', 'file/files', repositories.files, 'd/later.txt', Buffer.from('later'));
  const later = await exported({ full: false });
  const tar = later.files.find((path) => path.endsWith('.tar'))!;
  const listed = execFileSync('tar', ['tf', tar], { encoding: 'utf8' });
  assert.equal(listed.match(/^artifact\//gm)!.length, 1);
  for (const domain of ['to', 'default']) {
    await imported(domain, { toc: later.toc });
    await assertSame(domain);
  }
});

/** Fields of the peer's records that the package leaves empty. */
const EMPTY = [
  'author',
  'author_email',
  'description',
  'home_page',
  'keywords',
  'license',
  'metadata_version',
  'platform',
]
  .concat(['download_url', 'supported_platform', 'maintainer', 'maintainer_email', 'project_url', 'requires_python'])
  .concat(['description_content_type', 'license_expression']);

const LISTS = [
  'obsoletes_dist',
  'project_urls',
  'provides_dist',
  'requires_external',
  'provides_extras',
  'license_file',
];

test('records of the peer with lists instead of texts, from a server without domains', async () => {
  const bytes = makeSdist('peer', '3.0');
  const sha256 = sha256Of(bytes);
  const path = join(place, 'peer.tar');
  const tar = new TarWriter(new ChunkedFile(path, null), place);
  const domain = '74b3530a-306e-414e-9836-5ef0998e8ae8';
  const add = (name: string, rows: unknown) => tar.addText(name, JSON.stringify(rows));
  await add('versions.json', [
    { component: 'python', version: '3.36.0' },
    { component: 'core', version: '3.123.0' },
  ]);
  const name = `artifact/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
  await tar.addStream(name, bytes.length, [bytes]);
  await add('pulpcore.app.modelresource.ArtifactResource.json', [
    { file: name, size: String(bytes.length), md5: '', sha1: '', sha256, sha512: '', pulp_domain: domain },
  ]);
  const repository = {
    pulp_type: 'python.python',
    name: 'made there',
    description: 'x',
    retain_repo_versions: '3',
    retain_checkpoints: '',
    user_hidden: '0',
    pulp_domain: domain,
  };
  await add('pulpcore.app.modelresource.RepositoryResource.json', [repository]);
  const folder = 'repository-made there_1';
  const id = '01a21ebf-e61a-7707-b1f0-183223615475';
  await add(`${folder}/pulp_python.app.modelresource.PythonPackageContentResource.json`, [
    {
      ...Object.fromEntries(EMPTY.map((field) => [field, ''])),
      ...Object.fromEntries(LISTS.map((field) => [field, '"[]"'])),
      pulp_type: 'python.python',
      upstream_id: id,
      pulp_domain: domain,
      name: 'peer',
      name_normalized: 'peer',
      version: '3.0',
      filename: 'peer-3.0.tar.gz',
      packagetype: 'sdist',
      python_version: 'source',
      sha256,
      metadata_sha256: '',
      size: String(bytes.length),
      classifiers: '["A :: B"]',
      requires_dist: '"[\\"x\\"]"',
      dynamic: null,
      summary: 'ä',
      _pulp_domain: domain,
    },
  ]);
  await add(`${folder}/pulp_python.app.modelresource.PythonRepositoryResource.json`, [
    { ...repository, autopublish: '0', allow_package_substitution: '1', error_on_reject: '0' },
  ]);
  await add(`${folder}/pulpcore.app.modelresource.ContentArtifactResource.json`, [
    { artifact: sha256, content: id, relative_path: 'peer-3.0.tar.gz' },
  ]);
  await tar.end();
  await imported('to', { path });
  const [unit] = (await units('to', 'python/packages', 'python/python', 'made there')) as Found[];
  assert.deepEqual(
    [unit.filename, unit.sha256, unit.metadata_sha256, unit.classifiers, unit.requires_dist, unit.summary],
    ['peer-3.0.tar.gz', sha256, null, '["A :: B"]', '["x"]', 'ä'],
  );
  const { body } = await server.call('GET', `${api('to')}repositories/python/python/?name=made%20there`);
  const [made] = body.results;
  assert.deepEqual([made.description, made.retain_repo_versions, made.error_on_reject], ['x', 3, false]);
});
