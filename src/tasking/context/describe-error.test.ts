/** Tests of what users are told of errors: nothing secret, nothing internal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseUnavailable } from '../../db/errors.ts';
import { HttpError, PulpError, ValidationError } from '../../lib/errors.ts';
import { lockNames } from '../queue/lock-names.ts';
import { storableJson } from '../queue/queue.ts';
import { processName } from '../worker/process-name.ts';
import { describeError, summaryOf } from './describe-error.ts';

test('descriptions and codes by kind of error', () => {
  const told = (error: unknown, redact = false) => {
    const { traceback: _, ...rest } = describeError(error, redact) as { traceback: string };
    return rest;
  };
  assert.deepEqual(told(new PulpError('PLP0017', 'No.')), { description: '[PLP0017] No.', error_code: 'PLP0017' });
  assert.deepEqual(told(ValidationError.cross('No.')), { description: '{"non_field_errors":["No."]}' });
  assert.deepEqual(told(new HttpError(404, 'Not found.')), { description: 'Not found.' });
  assert.deepEqual(told(new Error('GET ftp://a:b@c/d failed')), { description: 'GET ftp://c/d failed' });
  assert.deepEqual(told('thrown text'), { description: 'thrown text' });
  assert.deepEqual(told(new Error('inside'), true), {
    description: '[PLP0000] An internal error occurred.',
    error_code: 'PLP0000',
  });
});

test('where the database is is not told', () => {
  const error = new DatabaseUnavailable(new Error('connect ENOENT /somewhere/.s.PGSQL.5432'));
  assert.deepEqual(describeError(error, false), { reason: 'The database was not available.' });
});

test('tracebacks name functions and causes, no files', () => {
  function deepInside(): never {
    throw new TypeError('bad', { cause: new RangeError('worse') });
  }
  try {
    deepInside();
  } catch (error) {
    const { traceback } = describeError(error, false) as { traceback: string };
    assert.match(traceback, /^TypeError\n {2}at deepInside/);
    assert.match(traceback, /caused by RangeError/);
    assert.doesNotMatch(traceback, /[/\\]|\.ts/);
    assert.equal(summaryOf(error), 'TypeError: bad');
  }
});

test('names of locks and processes, and JSON that can be stored', () => {
  const domain = { id: 1, pulpId: 'id', name: 'default' };
  assert.deepEqual(lockNames({ exclusive: ['b', 'a', 'b'], shared: ['a', null, 'c'], domain }), {
    exclusive: ['b', 'a'],
    shared: ['c', 'prn:core.domain:id'],
  });
  assert.equal(processName('{pid}@{hostname} {fqdn} {other}', 'a.b.c'), `${process.pid}@a a.b.c {other}`);
  assert.equal(storableJson(JSON.stringify({ a: 'x\0y', b: '\\u0000' })), JSON.stringify({ a: 'xy', b: '\\u0000' }));
});
