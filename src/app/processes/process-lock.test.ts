/** Tests of the lock file: one holder, takeover from the dead, restraint towards other machines. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { acquireProcessLock, isLocked } from './process-lock.ts';

function lockFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-lock-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'lock');
}

const module = join(import.meta.dirname, 'process-lock.ts');
const takeIt = `const { acquireProcessLock } = await import(process.argv[1]);
  const lock = await acquireProcessLock(process.argv[2]);
  console.log(typeof lock === 'string' ? 'refused' : 'held');`;

test('one holder at a time', async () => {
  const file = lockFile();
  assert.equal(await isLocked(file), false);
  const lock = await acquireProcessLock(file);
  assert.ok(typeof lock !== 'string');
  assert.match((await acquireProcessLock(file)) as string, new RegExp(`^process ${process.pid} on `));
  assert.equal(await isLocked(file), true);
  lock.release();
  assert.equal(existsSync(file), false);
});

test('the lock of a dead process is taken over', async () => {
  const file = lockFile();
  const words = ['--input-type=module', '-e', `${takeIt} process.kill(process.pid, 'SIGKILL');`, module, file];
  spawnSync(process.execPath, words);
  assert.equal(existsSync(file), true);
  const lock = await acquireProcessLock(file);
  assert.ok(typeof lock !== 'string');
  lock.release();
});

test('of several processes that find a dead holder, one gets the lock', async () => {
  const file = lockFile();
  const dead = { pid: 2 ** 22 + 1, startTime: '1', space: '', host: 'here' };
  const lock = await acquireProcessLock(file);
  assert.ok(typeof lock !== 'string');
  const mine = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...dead, space: mine.space }));
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `${takeIt} setTimeout(() => process.exit(), 1500);`,
      module,
      file,
    ]),
  );
  const answers = await Promise.all(
    children.map(async (child) => {
      const [chunk] = await once(child.stdout, 'data');
      return String(chunk).trim();
    }),
  );
  assert.equal(answers.filter((answer) => answer === 'held').length, 1, answers.join());
  for (const child of children) child.kill();
});

test('a holder elsewhere is respected while it touches its file', async () => {
  const file = lockFile();
  writeFileSync(file, JSON.stringify({ pid: 1, startTime: '1', space: 'another machine', host: 'there' }));
  const touch = setInterval(() => utimesSync(file, new Date(), new Date()), 300);
  assert.equal(await acquireProcessLock(file), 'process 1 on there');
  clearInterval(touch);
});
