/** Archives of packages: good ones, damaged ones, hostile ones. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Member, tar, zip } from '../../../../../test/support/python-archives.ts';
import { PackageError } from './package-error.ts';
import { readNamedPackage, readPackage } from './read-package.ts';

const directory = mkdtempSync(join(tmpdir(), 'python-formats-'));
after(() => rmSync(directory, { recursive: true }));

const LIMITS = { metadata: 16 * 1024 * 1024, unpacked: 2 * 1024 ** 3, unpackedBzip2: 512 * 1024 ** 2 };
const METADATA =
  'Metadata-Version: 2.1\nName: My.Pkg\nVersion: 1.0\nSummary: UNKNOWN\nRequires-Dist: a\nRequires-Dist: b\n\nbody ü\n';

async function read(name: string, bytes: Buffer) {
  const path = join(directory, 'file');
  writeFileSync(path, bytes);
  return await readPackage(path, name, LIMITS);
}

const metadata = (name: string): Member => ({ name, data: Buffer.from(METADATA) });

test('wheels, with the bytes of their metadata', async () => {
  for (const large of [false, true]) {
    const facts = await read(
      'my_pkg-1.0-py3-none-any.whl',
      zip([{ name: 'x.py', data: Buffer.alloc(9) }, metadata('my_pkg-1.0.dist-info/METADATA')], large),
    );
    assert.equal(facts.metadata.name, 'My.Pkg');
    assert.equal(facts.metadata.summary, '');
    assert.deepEqual(facts.metadata.requires_dist, ['a', 'b']);
    assert.equal(facts.metadata.description, 'body ü\n');
    assert.equal(facts.metadataFile?.toString(), METADATA);
  }
});

test('source distributions, the shallowest metadata of them', async () => {
  const deep = { name: 'p-1.0/p.egg-info/PKG-INFO', data: Buffer.from(METADATA.replace('1.0', '9')) };
  const facts = await read(
    'p-1.0.tar.gz',
    gzipSync(tar([deep, { name: 'p-1.0/PKG-INFO', data: Buffer.from(METADATA) }])),
  );
  assert.deepEqual([facts.metadata.version, facts.python_version, facts.metadataFile], ['1.0', 'source', null]);
  assert.equal((await read('p-1.0.zip', zip([metadata('p-1.0/PKG-INFO')]))).metadata.version, '1.0');
  assert.equal((await read('p-1.0-py2.7.egg', zip([metadata('EGG-INFO/PKG-INFO')]))).packagetype, 'bdist_egg');
});

test('of several dist-info the one that fits the name of the wheel', async () => {
  const member = (name: string, version: string): Member => ({
    name: `${name}-${version}.dist-info/METADATA`,
    data: Buffer.from(METADATA.replace('My.Pkg', name).replace('Version: 1.0\nS', `Version: ${version}\nS`)),
  });
  const versionIn = async (filename: string, ...members: Member[]) => (await read(filename, zip(members))).metadata;
  const stale = await versionIn('stale-0.8-py3-none-any.whl', member('stale', '0.7.0'), member('stale', '0.8'));
  assert.equal(stale.version, '0.8');
  const vend = await versionIn('ven_d-1.0-py3-none-any.whl', member('other', '9'), member('Ven.D', '1.0.0'));
  assert.deepEqual([vend.name, vend.version], ['Ven.D', '1.0.0']);
});

test('what a name does not say is refused', async () => {
  const of = (name: string, version: string) => [
    { name: 'x/PKG-INFO', data: Buffer.from(`Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`) },
  ];
  const check = async (filename: string, name: string, version: string) => {
    const path = join(directory, 'named');
    const bytes = gzipSync(tar(of(name, version)));
    writeFileSync(path, filename.endsWith('.gz') ? bytes : zip(of(name, version)));
    return await readNamedPackage(path, filename, LIMITS);
  };
  for (const [filename, name, version] of FITTING) assert.ok(await check(filename, name, version), filename);
  for (const [filename, name, version] of OTHERS) await assert.rejects(check(filename, name, version), PackageError);
});

const FITTING = [
  ['my_pkg-1.0.tar.gz', 'My.Pkg', '1.0'],
  ['my-pkg-1.0.0.zip', 'my_pkg', '1.0'],
  ['python-3parclient-4.2.tar.gz', 'python-3parclient', '4.2'],
  ['a-1.0-rc1.tar.gz', 'a', '1.0rc1'],
  ['a-1.0.win32.exe', 'a', '1.0'],
  ['a-2004d.tar.gz', 'a', '2004d'],
] as const;
const OTHERS = [
  ['realclaim-1.0.tar.gz', 'evilpkg', '1.0'],
  ['a-1.0.tar.gz', 'a', '2.0'],
  ['a-b-1.0.tar.gz', 'a', '1.0'],
  ['a.tar.gz', 'a', '1.0'],
] as const;

test('an archive behind a program that unpacks it', async () => {
  const archive = zip([metadata('PKG-INFO')]);
  const facts = await read('p-1.0.win32.exe', Buffer.concat([Buffer.from('MZ'.repeat(500)), archive]));
  assert.deepEqual([facts.metadata.name, facts.packagetype], ['My.Pkg', 'bdist_wininst']);
});

test('links, and text that is no UTF-8', async () => {
  const link = { name: 'p-1/PKG-INFO', data: Buffer.alloc(0), type: '2' };
  await assert.rejects(read('p-1.tar.gz', gzipSync(tar([link]))), /it has no metadata/);
  const latin = Buffer.from(METADATA.replace('UNKNOWN', 'caf\u00e9'), 'latin1');
  assert.equal(
    (await read('p-1.tar.gz', gzipSync(tar([{ name: 'p-1/PKG-INFO', data: latin }])))).metadata.summary,
    'caf\ufffd',
  );
});

test('names and versions that cannot be parts of paths are refused', async () => {
  for (const line of [
    'Name: ../../etc',
    'Name: a/b',
    'Name: <b>',
    'Name: -a',
    `Name: ${'a'.repeat(300)}`,
    'Version: 1/2',
    'Version: ..%2f',
  ]) {
    const [field] = line.split(':');
    const text = METADATA.replace(new RegExp(`^${field}: .*$`, 'm'), line);
    const bytes = gzipSync(tar([{ name: 'p-1/PKG-INFO', data: Buffer.from(text) }]));
    await assert.rejects(read('p-1.tar.gz', bytes), /in its metadata, .* is none/, line);
  }
});

test('damaged and hostile files are refused', async () => {
  const wheel = zip([metadata('p-1.dist-info/METADATA')]);
  const cases: [string, Buffer][] = [
    ['p-1-py3-none-any.whl', Buffer.from('no zip')],
    ['p-1-py3-none-any.whl', wheel.subarray(40)],
    ['p-1-py3-none-any.whl', zip([metadata('elsewhere/METADATA')])],
    ['p-1-py3-none-any.whl', zip([{ name: 'p-1.dist-info/METADATA', data: Buffer.alloc(64 * 1024 * 1024) }])],
    // The directory says that it is small: unpacking stops at the limit all the same.
    ['p-1-py3-none-any.whl', zip([{ name: 'p-1.dist-info/METADATA', data: Buffer.alloc(64 * 1024 * 1024), size: 10 }])],
    [
      'p-1-py3-none-any.whl',
      zip([{ name: 'p-1.dist-info/METADATA', data: Buffer.from('Metadata-Version: 2.1\nName: p\n\n') }]),
    ],
    ['p-1.tar.gz', Buffer.from('no gzip')],
    ['p-1.tar.gz', gzipSync(tar([{ name: 'p-1/a', data: Buffer.alloc(10) }]))],
    ['p-1.tar.gz', gzipSync(tar([{ name: 'p-1/PKG-INFO', data: Buffer.alloc(10), size: 0o77777777777 }]))],
    ['p-1.tar.gz', gzipSync(tar([{ name: 'p-1/PKG-INFO', data: Buffer.from(METADATA) }])).subarray(0, 30)],
    ['p-1.tar.bz2', Buffer.from('BZh9 nothing')],
    ['p-1.txt', Buffer.from('')],
  ];
  for (const [name, bytes] of cases) await assert.rejects(read(name, bytes), PackageError, name);
});
