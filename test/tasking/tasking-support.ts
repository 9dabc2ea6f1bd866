/** What tests of the queue share: services over a database of their own, leases, tasks, waiting, real workers. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSettings, type Settings } from '../../src/config/settings.ts';
import type { Database } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { Secrets } from '../../src/lib/crypto/secrets.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import type { Domain, Services, TaskRequest } from '../../src/plugin-api/contracts/context.ts';
import { byName, type TaskFunctions } from '../../src/tasking/context/run-task.ts';
import { testTasks } from '../../src/tasking/context/test-tasks.ts';
import type { Holder, TaskRow } from '../../src/tasking/queue/task-row.ts';
import type { Entry } from '../../src/tasking/worker/app-status.ts';
import { Registration } from '../../src/tasking/worker/register-process.ts';
import { useDatabase } from '../support/database.ts';

export const testPrefix = 'pulpcore.app.tasks.test.';

export interface Tasking {
  readonly db: Database;
  readonly services: Services;
  readonly settings: Settings;
  readonly functions: TaskFunctions;
  readonly domain: Domain;
  /** Messages logged so far. */
  readonly log: string[];
  /** A request for one of the test tasks. */
  request(name: string, args?: object, more?: Partial<TaskRequest>): TaskRequest;
  task(id: number): Promise<TaskRow>;
  /** Waits until the task has ended. */
  ended(id: number, seconds?: number): Promise<TaskRow>;
  /** Enters a worker that gives no signs of life by itself. */
  lease(name: string, ttl?: number): Promise<Holder>;
  register(more?: Partial<Entry>): Promise<Registration>;
}

export async function useTasking(changes: Partial<Settings> = {}): Promise<Tasking> {
  const db = await useDatabase();
  const data = mkdtempSync(join(tmpdir(), 'deckle-tasking-'));
  after(() => rmSync(data, { recursive: true, force: true }));
  const settings = makeSettings({
    databaseUrl: db.url,
    data,
    testTasks: true,
    workerTtl: 2,
    apiAppTtl: 2,
    orphanProtectionTime: 0,
    schedulerInterval: 1,
    logLevel: 'error',
    ...changes,
  });
  const log: string[] = [];
  const note = (_details: object, message: string) => void log.push(message);
  const services = {
    db,
    settings,
    secrets: new Secrets([randomBytes(32)]),
    logger: { debug: note, info: note, warn: note, error: note },
  } as unknown as Services;
  const domain = await defaultDomain(db);
  return {
    db,
    services,
    settings,
    functions: byName(testTasks),
    domain,
    log,
    request: (name, args = {}, more = {}) => ({ name: testPrefix + name, args, domain, userId: null, ...more }),
    task: async (id) => (await db.row<TaskRow>(sql`select * from task where id = ${id}`))!,
    ended: (id, seconds = 15) => ended(db, id, seconds),
    lease: (name, ttl = 30) => insertLease(db, name, ttl),
    register: (more = {}) =>
      Registration.enter(services, { type: 'worker', name: 'w', host: 'here', ttl: 2, versions: {}, ...more }),
  };
}

async function defaultDomain(db: Database): Promise<Domain> {
  await db.run(sql`insert into domain (pulp_id, name) values (${uuid7()}, 'default') on conflict (name) do nothing`);
  return (await db.row<Domain>(sql`select id, pulp_id as "pulpId", name from domain where name = 'default'`))!;
}

async function insertLease(db: Database, name: string, ttl: number): Promise<Holder> {
  const row = await db.row<{ lease: number }>(sql`
    insert into app_status (pulp_id, app_type, name, ttl, host, pid)
      values (${uuid7()}, 'worker', ${name}, ${ttl}, 'elsewhere', 1) returning lease`);
  return { lease: row!.lease, worker: name };
}

async function ended(db: Database, id: number, seconds: number): Promise<TaskRow> {
  let task: TaskRow | undefined;
  await until(
    async () => {
      task = await db.row<TaskRow>(sql`select * from task where id = ${id}`);
      return ['completed', 'failed', 'canceled'].includes(task?.state ?? '');
    },
    seconds,
    () => `task ${id} is ${task?.state}`,
  );
  return task!;
}

/** Looks again and again until something is so. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  seconds = 10,
  otherwise: () => string = () => 'it has not come to pass',
): Promise<void> {
  for (const deadline = performance.now() + seconds * 1000; !(await holds()); await sleep(20)) {
    if (performance.now() > deadline) assert.fail(`${otherwise()} after ${seconds} s`);
  }
}

const mainFile = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** A real worker process, as `serve` starts one; resolves when it works on tasks. */
export async function startWorker(settings: Settings, changes: Partial<Settings> = {}): Promise<ChildProcess> {
  const child = fork(mainFile, ['worker', '--child'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  after(() => void child.kill('SIGKILL'));
  child.send({ settings: { ...settings, ...changes } });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`worker ended with ${code}`)));
  });
  return child;
}

export async function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

/** Pid of the process in which a worker runs its tasks. */
export async function taskProcess(worker: ChildProcess): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const children = await readFile(`/proc/${worker.pid}/task/${worker.pid}/children`, 'utf8');
  const pids = children.trim().split(' ').map(Number);
  return pids.at(-1)!;
}
