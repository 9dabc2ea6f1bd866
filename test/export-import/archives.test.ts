import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { crc32 } from 'node:zlib';
import { sql } from '../../src/db/sql.ts';
import { Archive } from '../../src/engines/export-import/archive.ts';
import { ChunkedFile } from '../../src/engines/export-import/chunked-file.ts';
import { TarWriter } from '../../src/engines/export-import/tar-writer.ts';
import { createTaskGroup } from '../../src/model/tasks/task-group.ts';
import { entry, type TestRepository } from '../content/world.ts';
import { IMPORT, namesIn, useExportWorld } from './world.ts';

const w = await useExportWorld();
const { world } = w;

async function filled(files: Readonly<Record<string, string>>): Promise<TestRepository> {
  const repository = await world.repository();
  for (const [path, text] of Object.entries(files)) await world.upload(path, text, { repository: repository.pulpId });
  return repository;
}
const nameOf = async ({ id }: TestRepository) =>
  (await world.db.row<{ name: string }>(sql`select name from repository where id = ${id}`))!.name;
const tarOf = async (exporter: string) => {
  const { files } = await w.lastExport(exporter);
  return Object.keys(files).find((path) => path.endsWith('.tar'))!;
};

test('an archive has its files in the order and with the records that other servers expect', async () => {
  const repository = await filled({ 'a.txt': 'a', 'd/b.txt': 'bb' });
  const name = await nameOf(repository);
  const directory = w.directory();
  const exporter = await w.exporter(`${directory}/`, [repository]);
  const { created, reports } = await w.export(exporter);
  assert.match(created[0]!, /^prn:core\.pulpexport:/);
  assert.deepEqual(
    reports.map(({ code, done, state }) => `${code} ${done} ${state}`),
    ['export.artifacts 2 completed', 'export.repo.version.content 2 completed'],
  );
  const tar = await tarOf(exporter);
  assert.match(basename(tar), /^export-[0-9a-f-]{36}-\d{8}_\d{4}\.tar$/);
  assert.ok(!tar.includes('//'));
  const listed = execFileSync('tar', ['tf', tar], { encoding: 'utf8' }).trim().split('\n');
  const folder = `repository-${name}_2`;
  assert.equal(listed[0], 'versions.json');
  assert.match(listed[1]!, /^artifact\/[0-9a-f]{2}\/[0-9a-f]{62}$/);
  assert.deepEqual(listed.slice(3), [
    'pulpcore.app.modelresource.ArtifactResource.json',
    'pulpcore.app.modelresource.RepositoryResource.json',
    `${folder}/pulp_file.app.modelresource.FileContentResource.json`,
    `${folder}/pulp_file.app.modelresource.FileRepositoryResource.json`,
    `${folder}/pulpcore.app.modelresource.ContentArtifactResource.json`,
  ]);
  const records = (file: string) => JSON.parse(execFileSync('tar', ['xOf', tar, file], { encoding: 'utf8' }));
  assert.deepEqual(records('versions.json'), [
    { component: 'core', version: '3.123.1' },
    { component: 'file', version: '3.123.1' },
  ]);
  assert.deepEqual(records('pulpcore.app.modelresource.RepositoryResource.json'), [
    {
      pulp_type: 'file.file',
      name,
      description: '',
      retain_repo_versions: '',
      retain_checkpoints: '',
      user_hidden: '0',
      pulp_domain: world.domain.pulpId,
    },
  ]);
  assert.deepEqual(records(listed[6]!)[0].autopublish, '0');
  assert.deepEqual(records(listed[6]!)[0].last_sync_details, null);
  assert.deepEqual(Object.keys(records(listed[5]!)[0]), [
    'pulp_type',
    'upstream_id',
    'pulp_domain',
    'relative_path',
    'digest',
    '_pulp_domain',
  ]);
  assert.equal(records(listed[3]!)[0].size, '1');
  const toc = JSON.parse(readFileSync((await w.lastExport(exporter)).toc.file, 'utf8'));
  assert.deepEqual(toc, {
    meta: { checksum_type: 'crc32' },
    files: { [basename(tar)]: crc32(readFileSync(tar)).toString(16) },
  });
});

test('pieces have one size, and the table of contents the checksums; what the request says of it stays below', async () => {
  const repository = await filled({ 'a.txt': 'x'.repeat(5000) });
  const directory = w.directory();
  const exporter = await w.exporter(directory, [repository]);
  await w.export(exporter, { chunkSize: 3000, meta: { purpose: 'test', checksum_type: 'md5' } });
  const { toc, files } = await w.lastExport(exporter);
  assert.deepEqual(toc.meta, { purpose: 'test', checksum_type: 'md5' });
  const told = JSON.parse(readFileSync(toc.file, 'utf8'));
  assert.deepEqual(told.meta, { purpose: 'test', checksum_type: 'crc32', chunk_size: 3000 });
  const pieces = Object.keys(told.files);
  assert.deepEqual(
    pieces.map((name) => name.slice(-5)),
    pieces.map((_, at) => `.${String(at).padStart(4, '0')}`),
  );
  assert.ok(pieces.slice(0, -1).every((name) => statSync(join(directory, name)).size === 3000));
  assert.equal(Object.keys(files).length, pieces.length + 1);
});

for (const chunkSize of [null, 1000]) {
  test(`what was exported ${chunkSize ? 'in pieces' : 'whole'} is imported, twice without a second version, and content becomes equal`, async () => {
    const source = await filled({ 'same.txt': `same ${chunkSize}`, 'new.txt': `new ${chunkSize}` });
    const target = await filled({ 'gone.txt': 'gone', 'same.txt': 'other' });
    const directory = w.directory();
    const exporter = await w.exporter(directory, [source]);
    await w.export(exporter, { chunkSize });
    const importer = await w.importer({ [await nameOf(source)]: target });
    const from = chunkSize ? { toc: (await w.lastExport(exporter)).toc.file } : { path: await tarOf(exporter) };
    const [main, child] = await w.import(importer, from);
    assert.equal(main!.reports.find(({ code }) => code === 'import.artifacts')?.done, 2);
    assert.equal(child!.reports[0]!.code, 'import.repo.version.content');
    assert.deepEqual(await world.paths(target), await world.paths(source));
    const before = (await world.versions(target)).length;
    await w.import(importer, from);
    assert.equal((await world.versions(target)).length, before);
  });
}

test('a continued export leaves out what the last one had; without it, it cannot be imported elsewhere', async () => {
  const source = await filled({ 'first.txt': 'first of incremental' });
  const directory = w.directory();
  const exporter = await w.exporter(directory, [source]);
  await w.export(exporter);
  await world.upload('second.txt', 'second of incremental', { repository: source.pulpId });
  await w.export(exporter, { full: false });
  const tar = await tarOf(exporter);
  const artifacts = execFileSync('tar', ['tf', tar], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name.startsWith('artifact/'));
  assert.equal(artifacts.length, 1);
  const target = await world.repository();
  await w.import(await w.importer({ [await nameOf(source)]: target }), { path: tar });
  assert.deepEqual(await world.paths(target), [
    entry('first.txt', 'first of incremental'),
    entry('second.txt', 'second of incremental'),
  ]);
});

test('a dry run writes nothing and tells how much there is', async () => {
  const directory = w.directory();
  const exporter = await w.exporter(directory, [await filled({ 'dry.txt': 'twelve bytes' })]);
  const { result, created } = await w.export(exporter, { dryRun: true });
  assert.deepEqual(
    { ...(result as object as { artifacts: number; bytes: number }), versions: undefined },
    { dry_run: true, versions: undefined, artifacts: 1, bytes: 12 },
  );
  assert.deepEqual(created, []);
  assert.deepEqual(namesIn(directory), []);
});

test('a repository that is not here is left out, or made with its fields', async () => {
  const source = await filled({ 'made.txt': 'made' });
  const name = await nameOf(source);
  const exporter = await w.exporter(w.directory(), [source]);
  await w.export(exporter);
  await world.db.run(sql`update repository set name = ${`${name} renamed`} where id = ${source.id}`);
  const path = await tarOf(exporter);
  assert.equal((await w.import(await w.importer(), { path })).length, 1);
  await w.import(await w.importer(), { path, createRepositories: true });
  const made = await world.db.row<TestRepository & { details: object }>(
    sql`select id, pulp_id as "pulpId", details from repository where name = ${name}`,
  );
  assert.deepEqual(made!.details, { manifest: 'PULP_MANIFEST', autopublish: false, last_sync_details: null });
  assert.deepEqual(await world.paths(made!), await world.paths(source));
});

test('units whose bytes are upstream cannot be exported, and a failed export leaves nothing', async () => {
  const repository = await filled({ 'x.txt': 'upstream only' });
  await world.db.run(sql`update content_artifact set artifact_id = null where content_id in (
    select content_id from repository_content where repository_id = ${repository.id})`);
  const directory = w.directory();
  const exporter = await w.exporter(directory, [repository]);
  await assert.rejects(w.export(exporter), /^Error: Remote artifacts cannot be exported\.$/);
  assert.deepEqual(namesIn(directory), []);
});

test('a link that leads out of the allowed directories is not followed', async () => {
  const directory = w.directory();
  symlinkSync('/usr', join(directory, 'out'));
  const exporter = await w.exporter(join(directory, 'out', 'x'), [await filled({ 'l.txt': 'l' })]);
  await assert.rejects(w.export(exporter), /is not an allowed export path/);
  const importer = await w.importer();
  await assert.rejects(
    w.import(importer, { path: join(directory, 'out', 'lib', 'os-release') }),
    /is not an allowed import path/,
  );
});

test('damaged, missing and foreign archives are refused before anything is imported', async () => {
  const directory = w.directory();
  const exporter = await w.exporter(directory, [await filled({ 'd.txt': 'd'.repeat(4000) })]);
  await w.export(exporter, { chunkSize: 2000 });
  const { toc } = await w.lastExport(exporter);
  const piece = join(directory, namesIn(directory).find((name) => name.endsWith('.0001'))!);
  const importer = await w.importer();
  truncateSync(piece, 100);
  await assert.rejects(w.import(importer, { toc: toc.file }), /Import chunk hash mismatch: export-.*\.0001/);
  unlinkSync(piece);
  await assert.rejects(
    w.import(importer, { toc: toc.file }),
    /Missing import-chunks named in table-of-contents: export-.*\.0001/,
  );
  await assert.rejects(w.import(importer, { path: directory }), /is not a file, so it is no archive/);
  await assert.rejects(w.import(importer, { toc: directory }), /is no table of contents/);
  writeFileSync(join(directory, 'no.tar'), Buffer.alloc(2048, 'x'));
  await assert.rejects(w.import(importer, { path: join(directory, 'no.tar') }), /no tar archive/);
});

test('the group of a failed import waits for no more tasks', async () => {
  const { world } = w;
  const importer = await w.importer();
  const path = join(w.directory(), 'missing.tar');
  const group = await createTaskGroup(world.db, world.domain.id, 'import');
  const all = async () =>
    (await world.db.row<{ all: boolean }>(
      sql`select all_tasks_dispatched as all from task_group where pulp_id = ${group}`,
    ))!.all;
  const { task } = world.context().context;
  const args = { importer, params: {}, path, createRepositories: false };
  await assert.rejects(world.run(IMPORT, args, undefined, { task: { ...task, taskGroup: group } }), /ENOENT/);
  assert.equal(await all(), true);
});

async function tarWith(entries: Readonly<Record<string, string>>): Promise<string> {
  const directory = w.directory();
  const path = join(directory, 'made.tar');
  const tar = new TarWriter(new ChunkedFile(path, null), directory);
  for (const [name, text] of Object.entries(entries)) await tar.addText(name, text);
  await tar.end();
  return path;
}

test('other versions of components, and names that lead out, are refused', async () => {
  const importer = await w.importer();
  const older = await tarWith({ 'versions.json': '[{"component":"core","version":"3.1.0"}]' });
  await assert.rejects(
    w.import(importer, { path: older }),
    /^Error: Export version 3\.1\.0 of core incompatible with installed version 3\.123\.1\.$/,
  );
  const foreign = await tarWith({
    'versions.json': '[{"component":"core","version":"3.123.9"},{"component":"zz","version":"1"}]',
  });
  await assert.rejects(w.import(importer, { path: foreign }), /Export uses component 'zz' which is not installed\./);
  await assert.rejects(w.import(importer, { path: await tarWith({ '../evil': 'x' }) }), /leads out of it: \.\.\/evil/);
  await assert.rejects(w.import(importer, { path: await tarWith({ '/etc/evil': 'x' }) }), /leads out of it/);
});

test('long names, names of other scripts and the archives of tar itself are read', async () => {
  const long = `repository-${'n'.repeat(200)}_1/x.json`;
  const path = await tarWith({ [long]: 'long', 'ä/ö.json': 'other', empty: '' });
  assert.deepEqual(
    execFileSync('tar', ['tf', path, '--quoting-style=literal'], { encoding: 'utf8' }).trim().split('\n').length,
    3,
  );
  for (const format of ['gnu', 'pax', 'ustar']) {
    const directory = w.directory();
    const folder = join(directory, 'm'.repeat(format === 'ustar' ? 60 : 150));
    execFileSync('mkdir', ['-p', folder]);
    writeFileSync(join(folder, `${'f'.repeat(80)}.json`), format);
    execFileSync('tar', ['cf', join(directory, 'x.tar'), `--format=${format}`, '-C', directory, basename(folder)]);
    const archive = await Archive.open([join(directory, 'x.tar')]);
    const name = [...archive.names][0]!;
    assert.equal(name, `${basename(folder)}/${'f'.repeat(80)}.json`);
    assert.equal(Buffer.concat(await Array.fromAsync(archive.stream(name))).toString(), format);
    await archive.close();
  }
  const archive = await Archive.open([path]);
  assert.deepEqual([...archive.names], [long, 'ä/ö.json', 'empty']);
  await archive.close();
});
