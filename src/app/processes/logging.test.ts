/** Tests of the log: formats, correlation id, hidden secrets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCorrelationId } from '../../lib/process/correlation.ts';
import { createLogger } from './logging.ts';

function capture(logFormat: 'text' | 'json', logLevel: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ logFormat, logLevel }, 'pulpcore.app', { write: (line) => lines.push(line) }),
  };
}

test('text lines begin with the time and the name of the program', () => {
  const { lines, logger } = capture('text');
  logger.info({}, 'hello');
  withCorrelationId('abc', () => logger.named('pulpcore.tasking').warn({ n: 1 }, 'careful'));
  logger.debug({}, 'not shown');
  const [times, rest] = [lines.map((line) => line.split(' ', 1)[0]!), lines.map((line) => line.replace(/^\S+ /, ''))];
  for (const time of times) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000, time);
  assert.deepEqual(rest, [
    'deckle [-]: pulpcore.app:INFO: hello\n',
    'deckle [abc]: pulpcore.tasking:WARNING: careful (n=1)\n',
  ]);
});

test('errors show their stack', () => {
  const { lines, logger } = capture('text');
  logger.error({ err: new Error('boom') }, 'failed');
  assert.match(lines[0] ?? '', /^\S+Z deckle \[-\]: pulpcore.app:ERROR: failed\nError: boom\n {4}at /);
});

test('secrets are hidden in details and in URLs', () => {
  const { lines, logger } = capture('json');
  logger.info({ password: 'p1', remote: { proxy_password: 'p2', url: 'http://u:p3@host/' } }, 'see ftp://u:p4@host');
  const line = lines[0] ?? '';
  for (const secret of ['p1', 'p2', 'p3', 'p4']) assert.ok(!line.includes(secret), line);
  assert.equal(JSON.parse(line).logger, 'pulpcore.app');
});
