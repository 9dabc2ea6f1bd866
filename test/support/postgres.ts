/** The PostgreSQL of a test run: one throw-away server, with a migrated database to copy from. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedMigrations } from '../../src/app/installed-migrations.ts';
import { openDatabase } from '../../src/db/database.ts';
import { startEmbedded } from '../../src/db/embedded/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { sql } from '../../src/db/sql.ts';

/** Environment variable by which the runner hands its server to the test files. */
export const postgresVariable = 'DECKLE_TEST_POSTGRES';

export const templateName = 'deckle_template';

export interface TestPostgres {
  /** URL of the server with its maintenance database. */
  url: string;
  stop(): Promise<void>;
}

/** Starts a server whose files are gone after `stop`. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-test-'));
  const server = await startEmbedded({ directory: join(directory, 'postgres'), unsafe: true });
  const url = databaseUrl(server.url, 'postgres');
  try {
    await createTemplate(url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The same server, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  return serverUrl.replace(/\/[^/?]*(\?|$)/, `/${name}$1`);
}

async function createTemplate(url: string): Promise<void> {
  const admin = openDatabase({ url });
  try {
    await admin.run(sql`create database ${sql.ident(templateName)}`.unprepared);
  } finally {
    await admin.close();
  }
  const template = openDatabase({ url: databaseUrl(url, templateName) });
  try {
    await migrate(template, installedMigrations);
  } finally {
    await template.close();
  }
}
