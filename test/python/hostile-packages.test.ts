/** Hostile and damaged packages: every way of uploading refuses them with the reason, and nothing is left behind. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { tar, zip } from '../support/python-archives.ts';
import { type Reply, useRunningServer } from '../support/running-server.ts';
import { form } from './own-index.ts';

const running = await useRunningServer();
const repository = await running.create('repositories/python/python/', {});
await running.run('distributions/python/pypi/', { name: 'd', base_path: 'd', repository: repository.pulp_href });

const MIB = 1024 * 1024;
const METADATA = 'Metadata-Version: 2.1\nName: p\nVersion: 1\n\n';
const metadata = Buffer.from(METADATA);
const wheelOf = (data: Buffer, name = 'p-1.dist-info/METADATA') => zip([{ name, data }]);
const sdistOf = (data: Buffer, more: object = {}) => gzipSync(tar([{ name: 'p-1/PKG-INFO', data, ...more }]));
const WHEEL = 'p-1-py3-none-any.whl';
const SDIST = 'p-1.tar.gz';

/** What is sent, under which name, and what the answer says. */
const CASES: readonly (readonly [what: string, filename: string, bytes: Buffer, reason: RegExp])[] = [
  ['no archive', WHEEL, Buffer.from('no zip'), /it is no zip file/],
  ['an empty file', SDIST, Buffer.alloc(0), /empty|cannot be unpacked|no metadata/],
  ['a cut off wheel', WHEEL, wheelOf(metadata).subarray(0, 60), /it is no zip file/],
  ['a wheel without its beginning', WHEEL, wheelOf(metadata).subarray(40), /damaged|cut off/],
  ['a cut off sdist', SDIST, sdistOf(metadata).subarray(0, 40), /cannot be unpacked/],
  ['a zip bomb', WHEEL, wheelOf(Buffer.alloc(64 * MIB)), /larger than/],
  [
    'a zip bomb that lies',
    WHEEL,
    zip([{ name: 'p-1.dist-info/METADATA', data: Buffer.alloc(64 * MIB), size: 10 }]),
    /damaged/,
  ],
  ['a tar bomb', SDIST, sdistOf(Buffer.alloc(64 * MIB)), /larger than/],
  ['a member of more bytes than there are', SDIST, sdistOf(metadata, { size: 0o77777777777 }), /larger than/],
  ['a directory of zip64 beyond the file', WHEEL, brokenZip64(), /cut off|damaged/],
  [
    'a link for metadata',
    SDIST,
    gzipSync(tar([{ name: 'p-1/PKG-INFO', data: Buffer.alloc(0), type: '2' }])),
    /no metadata/,
  ],
  ['metadata elsewhere', WHEEL, wheelOf(metadata, '../../METADATA'), /no metadata/],
  ['metadata without a version', WHEEL, wheelOf(Buffer.from('Metadata-Version: 2.1\nName: p\n\n')), /has no version/],
  [
    'a name that climbs',
    WHEEL,
    wheelOf(Buffer.from(METADATA.replace('Name: p', 'Name: ../p'))),
    /the name in its metadata/,
  ],
  ['binary for metadata', WHEEL, wheelOf(Buffer.from([0xff, 0xfe, 0, 1, 2])), /no metadata/],
];

function brokenZip64(): Buffer {
  const bytes = zip([{ name: 'p-1.dist-info/METADATA', data: metadata }], true);
  const at = bytes.indexOf(Buffer.from([0x50, 0x4b, 6, 6]));
  bytes.writeBigUInt64LE(2n ** 62n, at + 48);
  return bytes;
}

/** No path of this machine, no line of the program. */
function assertPlain(text: string): void {
  assert.doesNotMatch(text, /\.ts|\/src\/|at \w+ \(|\/tmp\//);
}

async function refused(reply: Reply, reason: RegExp): Promise<void> {
  const { status, body } = reply;
  if (status === 202) {
    const { state, error } = await running.ended(body.task);
    assert.equal(state, 'failed', JSON.stringify(body));
    assert.match(error!.description, reason);
    return assertPlain(JSON.stringify(error));
  }
  assert.equal(status, 400, JSON.stringify(body));
  assert.match(JSON.stringify(body), reason);
  assertPlain(JSON.stringify(body));
}

/** Bytes for a task are kept as an artifact before it starts, and then belong to the orphan cleanup. */
async function left(way: string): Promise<object> {
  if (way === BY_TASK) await running.run('orphans/cleanup/', { orphan_protection_time: 0 });
  // Requests discard their files after the answer.
  for (let tries = 0; tries < 200 && running.temporaryFiles().length > 0; tries++) await sleep(50);
  return await running.leftovers();
}

const BY_TASK = 'upload by a task';

const WAYS: Readonly<Record<string, (filename: string, bytes: Buffer) => Promise<Reply>>> = {
  'upload at once': (filename, bytes) =>
    running.call('POST', 'content/python/packages/upload/', form({}, 'file', filename, bytes)),
  [BY_TASK]: (filename, bytes) =>
    running.call(
      'POST',
      'content/python/packages/',
      form({ relative_path: filename, repository: repository.pulp_href }, 'file', filename, bytes),
    ),
  'upload of an installer': (filename, bytes) =>
    running.call('POST', '/pypi/d/legacy/', form({ sha256_digest: sha256Of(bytes) }, 'content', filename, bytes)),
};

for (const [way, send] of Object.entries(WAYS)) {
  test(`${way}: hostile and damaged packages are refused`, async (t) => {
    for (const [what, filename, bytes, reason] of CASES) {
      await t.test(what, async () => {
        const before = await left(way);
        await refused(await send(filename, bytes), reason);
        assert.deepEqual(await left(way), before);
      });
    }
  });

  test(`${way}: names of files that are none`, async () => {
    const before = await left(way);
    for (const filename of ['p-1.txt', 'p', 'p-1.tar.xz', 'a b-1.tar.gz', `${'p'.repeat(300)}-1.tar.gz`]) {
      const reason = /valid python extension|cannot be the name|no more than|not in canonical form/;
      await refused(await send(filename, sdistOf(metadata)), reason);
    }
    assert.deepEqual(await left(way), before);
  });
}

test('wrong digests', async () => {
  const before = await left(BY_TASK);
  const bytes = sdistOf(metadata);
  const sha256 = 'a'.repeat(64);
  const legacy = form({ sha256_digest: sha256 }, 'content', SDIST, bytes);
  await refused(await running.call('POST', '/pypi/d/legacy/', legacy), /sha256_digest/);
  const rest = form({ relative_path: SDIST, sha256 }, 'file', SDIST, bytes);
  await refused(await running.call('POST', 'content/python/packages/', rest), /checksum|sha256/i);
  assert.deepEqual(await left(BY_TASK), before);
});

test('attestations and provenance that are none, or nested without end', async () => {
  const bytes = sdistOf(metadata);
  const deep = `[{"version":1,"verification_material":{"certificate":"aa","transparency_entries":[{"a":${'['.repeat(5000)}${']'.repeat(5000)}}]},"envelope":{"statement":"aa","signature":"aa"}}]`;
  for (const attestations of ['x', '{}', '[1]', deep]) {
    const before = await left('');
    const sent = form({ attestations }, 'file', SDIST, bytes);
    await refused(
      await running.call('POST', 'content/python/packages/upload/', sent),
      /nvalid attestations|must be valid JSON|attestations are not valid/,
    );
    const legacy = form({ attestations, sha256_digest: sha256Of(bytes) }, 'content', SDIST, bytes);
    await refused(
      await running.call('POST', '/pypi/d/legacy/', legacy),
      /attestations are not valid|must be valid JSON/,
    );
    assert.deepEqual(await left(''), before);
  }
});

test('what is sound goes in after all this, in odd forms too', async () => {
  const many = Array.from({ length: 65_000 }, (_, at) => ({ name: `p/${at}.py`, data: Buffer.alloc(0) }));
  const sound: [string, Buffer][] = [
    [WHEEL, zip([{ name: 'p-1.dist-info/METADATA', data: metadata }], true)],
    [
      'p-2-py3-none-any.whl',
      zip(
        [...many, { name: 'p-2.dist-info/METADATA', data: Buffer.from(METADATA.replace('Version: 1', 'Version: 2')) }],
        true,
      ),
    ],
    [SDIST, sdistOf(metadata)],
    ['p-3.zip', zip([{ name: 'p-3/PKG-INFO', data: Buffer.from(METADATA.replace('Version: 1', 'Version: 3')) }])],
  ];
  for (const [filename, bytes] of sound) {
    const { status, body } = await WAYS['upload of an installer']!(filename, bytes);
    assert.equal(status, 202, `${filename} ${JSON.stringify(body)}`);
    assert.equal((await running.ended(body.task)).state, 'completed', filename);
  }
  const page = await running.call('GET', '/pypi/d/simple/p/?format=json');
  assert.deepEqual(JSON.parse(page.body.files ? JSON.stringify(page.body.versions) : page.body), ['1', '2', '3']);
  await running.assertWhole();
  await running.assertAlive();
});
