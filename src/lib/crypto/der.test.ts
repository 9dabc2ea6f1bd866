/** Tests the reader of DER. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { childrenOf, DER, DerError, oidOf, readDer, timeOf } from './der.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('elements, children and long lengths', () => {
  const sequence = readDer(hex('30 06 02 01 05 04 01 ff'));
  assert.equal(sequence.tag, DER.sequence);
  assert.deepEqual(
    childrenOf(sequence).map(({ tag, content }) => [tag, Buffer.from(content).toString('hex')]),
    [
      [DER.integer, '05'],
      [DER.octetString, 'ff'],
    ],
  );
  const long = Buffer.concat([hex('04 82 01 00'), Buffer.alloc(256, 1)]);
  assert.equal(readDer(long).content.length, 256);
});

test('bytes that end too early or have no length are refused', () => {
  for (const bytes of ['', '30', '30 05 02', '30 80 00', '30 85 01 00 00 00 00', '1f 01 00'])
    assert.throws(() => readDer(hex(bytes)), DerError, bytes);
});

test('object identifiers', () => {
  assert.equal(oidOf(readDer(hex('06 09 2a864886f70d01010b'))), '1.2.840.113549.1.1.11');
  assert.equal(oidOf(readDer(hex('06 03 551d13'))), '2.5.29.19');
  assert.equal(oidOf(readDer(hex('06 09 2b0601040192080902'))), '1.3.6.1.4.1.2312.9.2');
  assert.equal(oidOf(readDer(hex('06 03 883703'))), '2.999.3');
});

test('times of both forms', () => {
  const utc = (text: string) => readDer(Buffer.concat([Buffer.from([0x17, text.length]), Buffer.from(text)]));
  const general = (text: string) => readDer(Buffer.concat([Buffer.from([0x18, text.length]), Buffer.from(text)]));
  assert.equal(new Date(timeOf(utc('491231235959Z'))).toISOString(), '2049-12-31T23:59:59.000Z');
  assert.equal(new Date(timeOf(utc('500101000000Z'))).toISOString(), '1950-01-01T00:00:00.000Z');
  assert.equal(new Date(timeOf(general('20991231235959Z'))).toISOString(), '2099-12-31T23:59:59.000Z');
  assert.throws(() => timeOf(utc('today')), DerError);
});
