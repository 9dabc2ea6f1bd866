/** Brings the schema up to date from plain SQL files, in order, each in a transaction, never backwards. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Database, Queryable } from './database.ts';
import { isFormerText } from './former-migrations.ts';
import { sql } from './sql.ts';

/** Where a component (the core or a plugin) keeps its files `0001-name.sql`, `0002-…`, in folders by release if they are many. */
export interface MigrationSource {
  component: string;
  directory: string;
}

export interface Migration {
  component: string;
  name: string;
  sha256: string;
  text: string;
}

/** The database cannot be used by this program; the message says why and what to do. */
export class MigrationRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MigrationRefused';
  }
}

/** The core's own migrations. */
export const coreMigrations: MigrationSource = {
  component: 'core',
  directory: join(import.meta.dirname, 'migrations'),
};

const fileName = /^\d{4}-[a-z0-9-]+\.sql$/;

/** All migrations of the sources in the order in which they run: source by source, file by file. */
export function readMigrations(sources: readonly MigrationSource[]): Migration[] {
  return sources.flatMap(({ component, directory }) => {
    const files = listSqlFiles(directory)
      .map((path) => ({ path, name: basename(path) }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
    const numbers = new Set(files.map(({ name }) => name.slice(0, 4)));
    if (numbers.size !== files.length) throw new Error(`Two migrations in ${directory} have the same number`);
    return files.map(({ path, name }) => {
      if (!fileName.test(name)) throw new Error(`Migration ${join(directory, path)} is not named like 0001-name.sql`);
      const text = readFileSync(join(directory, path), 'utf8');
      return { component, name, text, sha256: createHash('sha256').update(text).digest('hex') };
    });
  });
}

function listSqlFiles(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.sql'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A migration that a database has, as its history tells. */
export interface AppliedMigration {
  component: string;
  name: string;
  sha256: string;
}

/**
 * Applies what is missing and returns it; safe to run from several processes at once. With `only`, migrations for which it
 * answers false are left for later: to bring an empty database to the state of an older program.
 */
export async function migrate(
  db: Database,
  sources: readonly MigrationSource[],
  onApplied: (migration: Migration) => void = () => {},
  only: (migration: Migration) => boolean = () => true,
): Promise<Migration[]> {
  const migrations = readMigrations(sources);
  await createHistory(db);
  const done: Migration[] = [];
  for (const migration of migrations.filter(only)) {
    // The lock is taken anew for each file and the history read under it, so that two programs share the work.
    const applied = await db.transaction(async (tx) => {
      await lock(tx);
      const history = await readHistory(tx);
      refuseUnknown(history, migrations);
      if (isApplied(history, migration)) return false;
      await tx.run(sql.raw(migration.text).unprepared);
      await tx.run(sql`insert into schema_migration (component, name, sha256)
        values (${migration.component}, ${migration.name}, ${migration.sha256})`);
      return true;
    });
    if (!applied) continue;
    done.push(migration);
    onApplied(migration);
  }
  return done;
}

/** Names of migrations that the program knows and the database lacks; refuses like `migrate`. */
export async function pendingMigrations(db: Queryable, sources: readonly MigrationSource[]): Promise<Migration[]> {
  const migrations = readMigrations(sources);
  const exists = await db.row<{ found: boolean }>(sql`select to_regclass('schema_migration') is not null as found`);
  if (!exists?.found) return migrations;
  const history = await readHistory(db);
  refuseUnknown(history, migrations);
  return migrations.filter((migration) => !isApplied(history, migration));
}

async function lock(tx: Queryable): Promise<void> {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('deckle migrations', 0))`);
}

async function createHistory(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await lock(tx);
    await tx.run(sql`create table if not exists schema_migration (
      component text not null,
      name text not null,
      sha256 text not null,
      applied_at timestamptz not null default now(),
      primary key (component, name)
    )`);
  });
}

/** What was applied to the database, oldest first. */
export function readHistory(db: Queryable): Promise<AppliedMigration[]> {
  return db.rows<AppliedMigration>(sql`select component, name, sha256 from schema_migration order by applied_at, name`);
}

function isApplied(history: readonly AppliedMigration[], migration: Migration): boolean {
  const row = history.find((entry) => entry.component === migration.component && entry.name === migration.name);
  if (!row) return false;
  if (row.sha256 === migration.sha256 || isFormerText(migration, row.sha256)) return true;
  throw new MigrationRefused(
    `Migration ${migration.component}/${migration.name} was changed after it had been applied to this database. ` +
      'Put the file back as it was and write the change as a new migration.',
  );
}

/**
 * Throws MigrationRefused when a name is recorded but unknown here: it was applied by a newer program. Package types left out
 * here do not count.
 */
export function refuseUnknown(history: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ component, name }) => `${component}/${name}`));
  const components = new Set(migrations.map(({ component }) => component));
  const unknown = history.filter(
    (row) => (components.has(row.component) || row.component === 'core') && !known.has(`${row.component}/${row.name}`),
  );
  if (unknown.length === 0) return;
  const names = unknown.map(({ component, name }) => `${component}/${name}`).join(', ');
  throw new MigrationRefused(
    `This database is newer than this program: it has ${names}. Start the version of the program that wrote it, or a newer one.`,
  );
}
