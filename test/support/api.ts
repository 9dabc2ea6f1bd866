/** The API in the test's own process over a database of its own: for tests of requests and answers that need no worker. */

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { firstStart } from '../../src/app/processes/first-start.ts';
import { createLogger } from '../../src/app/processes/logging.ts';
import { buildApi } from '../../src/app/program/api.ts';
import { componentVersions } from '../../src/app/program/component-versions.ts';
import type { Program } from '../../src/app/program/program.ts';
import { type BuiltServices, buildServices } from '../../src/app/program/services.ts';
import { taskFunctions } from '../../src/app/program/task-functions.ts';
import { makeSettings, type Settings } from '../../src/config/settings.ts';
import { migrate } from '../../src/db/migrate.ts';
import { joinQueue } from '../../src/tasking/queue/join-queue.ts';
import { type TestDatabase, useDatabase } from './database.ts';
import { program as installedProgram } from './program.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests as they come
  readonly body: any;
}

export interface TestApi {
  readonly origin: string;
  readonly db: TestDatabase;
  readonly program: Program;
  readonly services: BuiltServices;
  /** A request as admin unless `as` names `user:password` or is null; the path may lack the API prefix. */
  call(
    method: string,
    path: string,
    body?: unknown,
    options?: { as?: string | null; headers?: Record<string, string> },
  ): Promise<Reply>;
}

const PREFIX = '/pulp/api/v3/';

/** `program`: with other package types than the installed ones, such as those of the test. */
export async function useApi(settings: Partial<Settings> = {}, program: Program = installedProgram): Promise<TestApi> {
  const db = await useDatabase();
  if (program !== installedProgram) await migrate(db, program.migrations);
  const data = mkdtempSync(join(tmpdir(), 'deckle-api-'));
  const all = makeSettings({
    data,
    databaseUrl: db.url,
    adminPassword: 'password',
    logLevel: 'error',
    accessLog: false,
    ...settings,
  });
  await firstStart(db, all, program);
  const services = await buildServices(program, all, { logger: createLogger(all, 'test'), role: 'test' });
  const participation = await joinQueue(services, taskFunctions(program, all), 'api', componentVersions, () => {});
  const api = buildApi(program, services, () => participation.runner);
  const server = createServer((request, response) => void api.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  after(async () => {
    server.closeAllConnections();
    server.close();
    await participation.stop();
    await services.close();
    rmSync(data, { recursive: true, force: true });
  });
  return {
    origin,
    db,
    program,
    services,
    call: (method, path, body, options = {}) => call(origin, method, path, body, options),
  };
}

async function call(
  origin: string,
  method: string,
  path: string,
  body: unknown,
  options: { as?: string | null; headers?: Record<string, string> },
): Promise<Reply> {
  const { as = 'admin:password', headers = {} } = options;
  const form = body instanceof FormData || body instanceof URLSearchParams || typeof body === 'string';
  const response = await fetch(origin + (path.startsWith('/') ? path : PREFIX + path), {
    method,
    redirect: 'manual',
    headers: {
      ...(as && { authorization: `Basic ${Buffer.from(as).toString('base64')}` }),
      ...(body !== undefined && !form && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: form ? (body as string | FormData | URLSearchParams) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}
