/** Uploads with wrong digests, sizes and ranges are refused with the reason; the upload stays as it was. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { type Reply, useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer();
const NOT_A_DIGEST = 'a'.repeat(64);

async function newUpload(size: number): Promise<string> {
  const { status, body } = await running.call('POST', 'uploads/', { size });
  assert.equal(status, 201);
  return body.pulp_href;
}

function putChunk(upload: string, range: string | null, text: string, more: object = {}): Promise<Reply> {
  const form = new FormData();
  form.set('file', new Blob([text]), 'chunk');
  for (const [name, value] of Object.entries(more)) form.set(name, value);
  return running.call('PUT', upload, form, range === null ? {} : { 'content-range': range });
}

test('sizes that are none', async () => {
  for (const size of [-1, 'x', null, 1.5, 1e30]) {
    const { status, body } = await running.call('POST', 'uploads/', { size });
    assert.equal(status, 400, String(size));
    assert.deepEqual(Object.keys(body), ['size']);
  }
});

test('chunks that do not fit', async () => {
  const upload = await newUpload(10);
  const noRange = { non_field_errors: ['Invalid or missing content range header.'] };
  const notTheSize = { non_field_errors: ['Chunk size does not match content range.'] };
  const refusals: [range: string | null, text: string, more: object, expected: unknown][] = [
    [null, '01234', {}, noRange],
    ['bytes x', '01234', {}, noRange],
    ['bytes -5-0/10', '01234', {}, noRange],
    ['bytes 4-0/10', '01234', {}, notTheSize],
    ['bytes 0-9/10', '01234', {}, notTheSize],
    ['bytes 0-1/10', '01234', {}, notTheSize],
    ['bytes 8-12/10', '01234', {}, { non_field_errors: ['End byte is greater than upload size.'] }],
    ['bytes 5-4/10', '', {}, { file: ['The submitted file is empty.'] }],
    ['bytes 0-4/10', '01234', { sha256: NOT_A_DIGEST }, ['Checksum does not match chunk upload.']],
  ];
  for (const [range, text, more, expected] of refusals) {
    const { status, body } = await putChunk(upload, range, text, more);
    assert.deepEqual([status, body], [400, expected], String(range));
  }
  const noFile = await running.call('PUT', upload, new FormData(), { 'content-range': 'bytes 0-4/10' });
  assert.equal(noFile.status, 400);
  assert.deepEqual((await running.call('GET', upload)).body.chunks, []);
});

test('a commit with a digest that is none or another one, and of bytes that are missing or come twice', async () => {
  const upload = await newUpload(10);
  const commit = async (sha256: unknown) => await running.call('POST', `${upload}commit/`, { sha256 });
  for (const sha256 of ['x', null, undefined, 5]) assert.equal((await commit(sha256)).status, 400);
  const failed = async (sha256: string, reason: RegExp) => {
    const task = await running.run(`${upload}commit/`, { sha256 });
    assert.deepEqual([task.state, task.created_resources], ['failed', []]);
    assert.match(task.error!.description, reason);
  };
  assert.equal((await putChunk(upload, 'bytes 0-4/10', '01234')).status, 200);
  await failed(sha256Of('01234'), /not complete: bytes 5-9 have not arrived/);
  assert.equal((await putChunk(upload, 'bytes 7-9/10', '789')).status, 200);
  await failed(sha256Of('01234789'), /not complete: bytes 5-6 have not arrived/);
  assert.equal((await putChunk(upload, 'bytes 3-6/10', '3456')).status, 200);
  await failed(sha256Of('0123456789'), /overlap at byte 3/);
  const other = await newUpload(5);
  await putChunk(other, 'bytes 0-4/5', '01234');
  const wrong = await running.run(`${other}commit/`, { sha256: NOT_A_DIGEST });
  assert.match(wrong.error!.description, /The sha256 checksum did not match/);
  const right = await running.run(`${other}commit/`, { sha256: sha256Of('01234') });
  assert.equal(right.state, 'completed');
  assert.equal((await running.call('GET', other)).status, 404);
  const before = await running.leftovers();
  const content = await running.run('content/file/files/', { upload, relative_path: 'half' });
  assert.match(content.error!.description, /overlap at byte 3/);
  assert.deepEqual(await running.leftovers(), before);
});

test('artifacts that are not what is told of them', async () => {
  const before = await running.leftovers();
  const send = (more: object) => {
    const form = new FormData();
    form.set('file', new Blob(['bytes of an artifact']), 'a');
    for (const [name, value] of Object.entries(more)) form.set(name, value);
    return running.call('POST', 'artifacts/', form);
  };
  for (const more of [{ sha256: NOT_A_DIGEST }, { sha256: 'a' }, { size: '3' }, { size: 'x' }, { md5: 'a' }]) {
    assert.equal((await send(more)).status, 400, JSON.stringify(more));
  }
  assert.deepEqual(await running.leftovers(), before);
});

test('content without bytes, with two sources, or of objects that are gone', async () => {
  const before = await running.leftovers();
  const gone = (path: string) => `/pulp/api/v3/${path}/01a20401-dc87-7253-a6f1-444a7c8a02a4/`;
  const post = async (body: object) => {
    const reply = await running.call('POST', 'content/file/files/', { relative_path: 'x', ...body });
    assert.equal(reply.status, 400);
    return reply.body;
  };
  const oneSource = {
    non_field_errors: ['Exactly one of file, artifact, file_url, upload must be specified.'],
  };
  assert.deepEqual(await post({}), oneSource);
  assert.deepEqual(await post({ file_url: 'http://x/', file: 'x' }), oneSource);
  // A key is read and kept as text: there is no artifact to name.
  assert.deepEqual((await running.call('POST', 'content/core/openpgp_publickey/', {})).body, {
    non_field_errors: ['Exactly one of file, file_url, upload must be specified.'],
  });
  const noObject = ['Invalid hyperlink - Object does not exist.'];
  assert.deepEqual(await post({ artifact: gone('artifacts') }), { artifact: noObject });
  assert.deepEqual(await post({ upload: gone('uploads') }), { upload: noObject });
  assert.deepEqual(await post({ file_url: 'http://x/', repository: gone('repositories/file/file') }), {
    repository: noObject,
  });
  for (const [url, reason] of [
    ['nonsense', /valid URL/],
    ['http://127.0.0.1:9/x', /Cannot connect to host 127\.0\.0\.1:9/],
    ['file:///etc/passwd', /file:\/\/\/etc\/passwd/],
  ] as const) {
    const config = { max_retries: 1 };
    const body = { relative_path: 'x', file_url: url, downloader_config: config };
    const task = await running.run('content/file/files/', body);
    assert.deepEqual([task.state, task.created_resources], ['failed', []]);
    assert.match(task.error!.description, reason);
  }
  assert.deepEqual(await running.leftovers(), before);
});

test('files and fields with the names that every object has', async () => {
  const before = await running.leftovers();
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
  const paths = ['content/file/files/', 'content/file/files/upload/', 'artifacts/', 'repositories/file/file/'];
  for (const name of names)
    for (const path of paths) {
      const form = new FormData();
      form.set(name, new Blob(['never to be kept'.repeat(1000)]), 'x');
      form.append(name, new Blob(['nor this one'.repeat(1000)]), 'y');
      const { status } = await running.call('POST', path, form);
      assert.ok([400, 405].includes(status), `${path} ${name} ${status}`);
    }
  const post = async (body: string | URLSearchParams, type: string) => {
    const headers = { 'content-type': type };
    const reply = await running.server.fetch('/pulp/api/v3/repositories/file/file/', { method: 'POST', headers, body });
    return { status: reply.status, text: await reply.text() };
  };
  for (const name of names) {
    const refused = { status: 400, text: JSON.stringify({ [name]: ['Unexpected field'] }) };
    assert.deepEqual(await post(`{"name": "own", "${name}": 1}`, 'application/json'), refused);
    assert.deepEqual(await post(`name=own&${name}=1`, 'application/x-www-form-urlencoded'), refused);
  }
  const labels = '{"name": "labelled", "pulp_labels": {"__proto__": [], "constructor": {}}}';
  const refused = await post(labels, 'application/json');
  assert.equal(refused.status, 400);
  assert.deepEqual(Object.keys(JSON.parse(refused.text).pulp_labels), ['__proto__', 'constructor']);
  assert.deepEqual(await running.leftovers(), before);
});

test('after all that the server is alive', async () => {
  await running.assertAlive();
  await running.assertWhole();
});
