/** Gives each test file a migrated PostgreSQL database of its own. */
import { after } from 'node:test';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { databaseUrl, postgresVariable, startTestPostgres, templateName } from './postgres.ts';

export interface TestDatabase extends Database {
  /** For processes started by the test. */
  readonly url: string;
}

let counter = 0;

/** Undone in reverse after all tests of the file: databases first, then a server of our own. */
const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** URL of the run's server; a file that is run alone starts one for itself. */
async function serverUrl(): Promise<string> {
  const given = process.env[postgresVariable];
  if (given) return given;
  const server = await startTestPostgres();
  process.env[postgresVariable] = server.url;
  cleanups.push(() => server.stop());
  return server.url;
}

/**
 * `const db = await useDatabase()` at the top of a test file: a copy of the migrated template, or an empty database,
 * removed after the tests of the file.
 */
export async function useDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = await serverUrl();
  const name = `test_${process.pid}_${++counter}`;
  const admin = openDatabase({ url: server, poolSize: 2 });
  const template = options.empty ? 'template0' : templateName;
  await admin.run(sql`create database ${sql.ident(name)} template ${sql.ident(template)}`.unprepared);
  const url = databaseUrl(server, name);
  const db = openDatabase({ url });
  cleanups.push(async () => {
    await db.close();
    await admin.run(sql`drop database if exists ${sql.ident(name)} with (force)`.unprepared);
    await admin.close();
  });
  return Object.assign(db, { url });
}
