/** Archives of packages: good ones, damaged ones, hostile ones. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { PackageError } from './package-error.ts';
import { readPackage } from './read-package.ts';

const directory = mkdtempSync(join(tmpdir(), 'python-formats-'));
after(() => rmSync(directory, { recursive: true }));

const METADATA =
  'Metadata-Version: 2.1\nName: My.Pkg\nVersion: 1.0\nSummary: UNKNOWN\nRequires-Dist: a\nRequires-Dist: b\n\nbody ü\n';

interface Member {
  readonly name: string;
  readonly data: Buffer;
  /** What the directory says of the size. */
  readonly size?: number;
}

/** A zip file; with `large` its numbers are in zip64 fields. */
function zip(members: readonly Member[], large = false): Buffer {
  const parts: Buffer[] = [];
  const directoryParts: Buffer[] = [];
  let offset = 0;
  for (const { name, data, size = data.length } of members) {
    const packed = deflateRawSync(data);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    const extra = large ? Buffer.alloc(28) : Buffer.alloc(0);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(large ? 0xffffffff : packed.length, 20);
    entry.writeUInt32LE(large ? 0xffffffff : size, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(large ? 0xffffffff : offset, 42);
    if (large) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(size), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
      extra.writeBigUInt64LE(BigInt(offset), 20);
    }
    parts.push(local, Buffer.from(name), packed);
    directoryParts.push(entry, Buffer.from(name), extra);
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const listing = Buffer.concat(directoryParts);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(large ? 0xffffffff : listing.length, 12);
  end.writeUInt32LE(large ? 0xffffffff : offset, 16);
  return Buffer.concat([...parts, listing, ...(large ? zip64End(listing.length, offset) : []), end]);
}

function zip64End(size: number, offset: number): Buffer[] {
  const end = Buffer.alloc(56);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  return [end, locator];
}

function tar(members: readonly { name: string; data: Buffer; size?: number }[]): Buffer {
  const blocks = members.flatMap(({ name, data, size = data.length }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(size.toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

async function read(name: string, bytes: Buffer) {
  const path = join(directory, 'file');
  writeFileSync(path, bytes);
  return await readPackage(path, name);
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
