/** Answers of package types: kept packed in bounds, beyond versions that do not change them, in the codings that were asked for. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { chooseBody } from '../../lib/http/exchange/kept-body.ts';
import { AnswerStore } from './answer-store.ts';
import { KeptState } from './kept-state.ts';

const info = { etag: '"a"' };
const version = (number: number) => ({ id: number, pulpId: `${number}`, number, repositoryId: 1 });
const page = (text: string) => Buffer.from(text);
const HTML = { contentType: 'text/html' };

test('answers that are not used are packed, then dropped', () => {
  const store = new AnswerStore(20_000);
  const textOf = (at: number) => `page ${at} `.repeat(200);
  const get = (at: number) => store.get(`${at}`)?.bytes.toString();
  for (let at = 0; at < 60; at++) {
    store.set(`${at}`, page(textOf(at)), info);
    assert.equal(get(0), textOf(0));
  }
  assert.ok(store.bytes <= 20_000);
  const kept = Array.from({ length: 60 }, (_, at) => get(at) === textOf(at));
  assert.ok(kept.filter(Boolean).length > 20_000 / textOf(1).length, 'no more than would fit unpacked');
  assert.deepEqual([kept[0], kept[1], kept[59]], [true, false, true]);
  store.set('large', Buffer.alloc(6000), info);
  assert.equal(store.get('large'), undefined);
});

test('an answer that is kept keeps nothing else alive', () => {
  const store = new AnswerStore(20_000);
  const small = page('small');
  assert.ok(small.buffer.byteLength > 1000);
  store.set('small', small, info);
  assert.equal(store.get('small')!.bytes.buffer.byteLength, small.length);
});

async function keep(state: KeptState, variant: string, subject: string, text: string): Promise<void> {
  await state.answer({ variant, subject }, async () => text);
}

const textIn = (state: KeptState, variant: string, subject: string) =>
  state.find({ variant, subject })?.body.bytes.toString();

test('a new version drops the answers about what it changes, and those about everything', async () => {
  const first = new KeptState(new AnswerStore(1_000_000), version(1), 'frame');
  for (const subject of ['', 'alpha', 'beta']) await keep(first, 'html', subject, `first ${subject}`);
  await keep(first, 'json', 'beta', '{}');
  const second = first.next(version(2), ['beta']);
  assert.equal(textIn(second, 'html', 'alpha'), 'first alpha');
  for (const variant of ['html', 'json']) assert.equal(textIn(second, variant, 'beta'), undefined);
  assert.equal(textIn(second, 'html', ''), undefined);
  assert.deepEqual(second.former?.changed, ['beta']);
  const third = second.next(version(3), []);
  assert.equal(textIn(third, 'html', 'alpha'), 'first alpha');
  assert.equal(second.former, undefined, 'no chain of all states there have been');
});

test('an answer that was being made for an older version is sent, and not kept', async () => {
  const first = new KeptState(new AnswerStore(1_000_000), version(1), 'frame');
  let go = (_text: string) => {};
  const made = first.answer(
    { variant: 'html', subject: 'alpha' },
    () => new Promise<string>((resolve) => (go = resolve)),
  );
  const second = first.next(version(2), ['alpha']);
  go('old');
  assert.equal((await made)?.bytes.toString(), 'old');
  assert.equal(textIn(second, 'html', 'alpha'), undefined);
});

test('an answer is made once for all who ask for it, and again after an error', async () => {
  const state = new KeptState(new AnswerStore(1_000_000), version(1), 'frame');
  const key = { variant: 'html', subject: 'alpha' };
  let made = 0;
  const make = async () => {
    if (++made === 1) throw new Error('not now');
    return 'page';
  };
  await assert.rejects(async () => await state.answer(key, make), /not now/);
  const answers = await Promise.all([state.answer(key, make), state.answer(key, make), state.answer(key, make)]);
  assert.deepEqual(
    answers.map((body) => [body?.bytes.toString(), body?.isHit]),
    Array(3).fill(['page', false]),
  );
  assert.equal(made, 2);
  assert.equal((await state.answer(key, make))?.isHit, true);
  assert.equal(await state.answer({ ...key, subject: 'none' }, async () => undefined), undefined);
});

test('each form has a validator of its own, and is made once', async () => {
  const store = new AnswerStore(1_000_000);
  const state = new KeptState(store, version(1), 'frame');
  const text = 'some text '.repeat(500);
  const key = { variant: 'html', subject: 'alpha' };
  await keep(state, 'html', 'alpha', text);
  const { body } = state.find(key)!;
  const plain = await chooseBody({}, body, HTML);
  assert.deepEqual([plain.etag, plain.bytes?.toString(), plain.coding], [body.etag, text, undefined]);
  const coded = await chooseBody({ 'accept-encoding': 'br, gzip;q=0.5' }, body, HTML);
  assert.deepEqual([coded.coding, gunzipSync(coded.bytes!).toString()], ['gzip', text]);
  assert.notEqual(coded.etag, plain.etag);
  const zstd = await chooseBody({ 'accept-encoding': 'gzip, zstd' }, body, HTML);
  assert.deepEqual([zstd.coding, new Set([zstd.etag, coded.etag, plain.etag]).size], ['zstd', 3]);
  const again = await chooseBody({ 'accept-encoding': 'gzip' }, state.find(key)!.body, HTML);
  assert.equal(again.bytes, (await chooseBody({ 'accept-encoding': 'gzip' }, body, HTML)).bytes, 'kept');
  for (const { etag } of [plain, coded, zstd]) {
    const known = await chooseBody({ 'if-none-match': `"x", W/${etag}`, 'accept-encoding': 'gzip' }, body, HTML);
    assert.deepEqual([known.etag, known.bytes], [etag, undefined]);
  }
  assert.ok((await chooseBody({ 'if-none-match': '"x"' }, body, HTML)).bytes);
  assert.equal((await chooseBody({ 'accept-encoding': 'gzip;q=0' }, body, HTML)).coding, undefined);
  assert.equal((await chooseBody({ 'accept-encoding': 'gzip' }, body, { contentType: 'image/png' })).coding, undefined);
  const before = store.bytes;
  state.next(version(2), ['alpha']);
  assert.ok(store.bytes < before - text.length, 'with its forms');
  assert.equal(store.bytes, 0);
});

test('short answers are sent as they are, and dates count where no validator is sent', async () => {
  const state = new KeptState(new AnswerStore(1_000_000), version(1), 'frame');
  await keep(state, 'html', 'alpha', 'short');
  const { body } = state.find({ variant: 'html', subject: 'alpha' })!;
  assert.equal((await chooseBody({ 'accept-encoding': 'gzip' }, body, HTML)).coding, undefined);
  const lastModified = 'Sun, 29 Nov 2026 10:00:00 GMT';
  const since = { 'if-modified-since': lastModified };
  assert.equal((await chooseBody(since, body, { ...HTML, lastModified })).bytes, undefined);
  assert.ok((await chooseBody({ ...since, 'if-none-match': '"x"' }, body, { ...HTML, lastModified })).bytes);
});

test('clients that ask under ever other hosts cost no memory without end', async () => {
  const store = new AnswerStore(1_000_000);
  const state = new KeptState(store, version(1), 'frame');
  for (let at = 0; at < 250; at++) await keep(state, `html host-${at}`, 'alpha', 'page');
  assert.equal(textIn(state, 'html host-249', 'alpha'), 'page');
  assert.equal(textIn(state, 'html host-50', 'alpha'), undefined);
});
