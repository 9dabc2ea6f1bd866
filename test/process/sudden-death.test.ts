/** Tests of processes that die without warning: nothing stays behind, and what has to run runs again. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../src/db/database.ts';
import { embeddedUrl } from '../../src/db/embedded/embedded.ts';
import { sql } from '../../src/db/sql.ts';
import { allGone, findBelow, isRunning, killAll } from '../support/processes.ts';
import { startServer, type TestServer } from '../support/server.ts';

const livez = '/pulp/api/v3/livez/';
const supervisorOf = (server: TestServer) => server.process.pid as number;

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    if (await check().catch(() => false)) return;
    await sleep(50);
  }
  assert.fail(`not reached in time: ${what}`);
}

const answers = (server: TestServer) => async () => (await server.fetch(livez)).status === 200;

test('kill -9 of the supervisor ends everything, and the next start works', async () => {
  const server = await startServer();
  const processes = server.processes();
  process.kill(supervisorOf(server), 'SIGKILL');
  assert.deepEqual(await allGone(processes, 5_000), []);
  const again = await startServer({ data: server.data });
  assert.ok(await answers(again)());
  assert.equal(await again.stop(), 0);
});

test('kill -9 of everything at once, PostgreSQL included, is recovered from', async () => {
  const server = await startServer();
  const db = openDatabase({ url: embeddedUrl(join(server.data, 'postgres')) });
  await db.run(sql`create table witness as select 42 as n`);
  await db.close();
  killAll(server.processes());
  const again = await startServer({ data: server.data });
  const after = openDatabase({ url: embeddedUrl(join(server.data, 'postgres')) });
  assert.deepEqual(await after.rows(sql`select n from witness`), [{ n: 42 }]);
  await after.close();
  assert.equal(await again.stop(), 0);
});

test('a PostgreSQL left behind is stopped by the next start', async () => {
  const server = await startServer();
  const guardians = server.processes().filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sh');
  const postgres = findBelow(supervisorOf(server), '/bin/postgres -D');
  killAll([supervisorOf(server), ...guardians]);
  const left = Number(readFileSync(join(server.data, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  assert.ok(isRunning(left), `PostgreSQL (${postgres}) should have survived`);
  const again = await startServer({ data: server.data });
  assert.equal(isRunning(left), false);
  assert.ok(await answers(again)());
  assert.equal(await again.stop(), 0);
});

test('children that die are started again', async () => {
  const server = await startServer({ settings: { workers: 1 } });
  const web = findBelow(supervisorOf(server), 'web --child');
  const worker = findBelow(supervisorOf(server), 'worker --child');
  process.kill(web, 'SIGKILL');
  process.kill(worker, 'SIGKILL');
  await eventually('web answers again', answers(server));
  await eventually('a new worker runs', async () => isRunning(findBelow(supervisorOf(server), 'worker --child')));
  assert.notEqual(findBelow(supervisorOf(server), 'web --child'), web);
  assert.match(server.output(), /web process ended \(killed by SIGKILL\); it is started again in 0.1 s/);
  assert.equal(await server.stop(), 0);
});

test('PostgreSQL that dies is started again', async () => {
  const server = await startServer();
  const db = openDatabase({ url: embeddedUrl(join(server.data, 'postgres')) });
  await db.run(sql`select 1`);
  const pidFile = join(server.data, 'postgres', 'postmaster.pid');
  process.kill(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), 'SIGKILL');
  await eventually('the database answers again', async () => (await db.rows(sql`select 1`)).length === 1);
  await db.close();
  assert.equal(await server.stop(), 0);
});
