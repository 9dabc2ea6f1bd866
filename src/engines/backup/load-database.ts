/** Reads a dump into a database: its schema at the dump's state by migrations, the rows by COPY, then the newer migrations. */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Database, Transaction } from '../../db/database.ts';
import {
  type AppliedMigration,
  type Migration,
  type MigrationSource,
  migrate,
  readMigrations,
  refuseUnknown,
} from '../../db/migrate.ts';
import { sql } from '../../db/sql.ts';
import { BackupRefused } from './backup-refused.ts';
import { allTables, type DumpedTable, type SequenceValue } from './catalog.ts';
import type { DumpHeader } from './dump-database.ts';
import { DamagedDump, type Frame, readFrames } from './frames.ts';
import type { Report } from './progress.ts';
import { decompressed } from './sealed-file.ts';

interface LoadedDump {
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Migrations applied after loading, because the dump is of an older program. */
  readonly upgraded: number;
}

/** Throws MigrationRefused or BackupRefused when this program cannot read data of that state. */
export function refuseForeign(history: readonly AppliedMigration[], sources: readonly MigrationSource[]): void {
  const migrations = readMigrations(sources);
  refuseUnknown(history, migrations);
  const known = new Map(migrations.map((migration) => [nameOf(migration), migration.sha256]));
  for (const entry of history) {
    const sha256 = known.get(nameOf(entry));
    if (sha256 === entry.sha256) continue;
    throw new BackupRefused(
      sha256 === undefined
        ? `The backup holds data of the package type ${entry.component}, which this program does not have.`
        : `The backup was made by a program with another form of migration ${nameOf(entry)}. Restore it with that program.`,
    );
  }
}

const nameOf = ({ component, name }: Pick<Migration, 'component' | 'name'>) => `${component}/${name}`;

/** The database must have no tables. All rows arrive in one transaction. */
export async function loadDatabase(
  db: Database,
  file: string,
  sources: readonly MigrationSource[],
  report: Report,
): Promise<LoadedDump> {
  const frames = readFrames(decompressed(file));
  const header = json<DumpHeader>(await next(frames, 'header'));
  if (header.format !== 1) throw new BackupRefused(`The dump has the unknown form ${header.format}.`);
  refuseForeign(header.migrations, sources);
  const had = new Set(header.migrations.map(nameOf));
  await migrate(db, sources, undefined, (migration) => had.has(nameOf(migration)));
  const rows = await db.transaction((tx) => loadTables(tx, frames, report));
  await db.run(sql`analyze`.unprepared);
  const upgraded = await migrate(db, sources, ({ component, name }) =>
    report.tell(`Applied migration ${component}/${name}.`),
  );
  return { rows, upgraded: upgraded.length };
}

async function loadTables(
  tx: Transaction,
  frames: AsyncGenerator<Frame>,
  report: Report,
): Promise<Record<string, number>> {
  const tables = await allTables(tx);
  const putBack = await takeOff(tx, tables);
  await tx.run(sql`truncate ${sql.join(tables.map((name) => sql.ident(name)))}`.unprepared);
  const rows: Record<string, number> = {};
  for await (const { kind, body } of frames) {
    if (kind === 'table') {
      const table = json<DumpedTable>(body);
      report.progress(`database: loading ${table.name}`);
      rows[table.name] = await loadTable(tx, table, frames);
    } else if (kind === 'sequences') {
      await setSequences(tx, json<SequenceValue[]>(body));
    } else if (kind !== 'end') {
      throw new DamagedDump(`The dump of the database has a frame ${kind} where none belongs.`);
    }
  }
  report.progress('database: building indexes');
  for (const statement of putBack) await tx.run(sql.raw(statement).unprepared);
  return rows;
}

/**
 * Takes off what would be checked or done row by row; answers the statements that put it back. Needs no more than ownership of the
 * tables, unlike switching off the triggers of foreign keys.
 */
async function takeOff(tx: Transaction, tables: readonly string[]): Promise<string[]> {
  const statements = await tx.rows<{ off: string; back: string }>(sql`
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as off,
        format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as back, 2 as place
      from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace
    union all
    select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid), 1
      from pg_index i join pg_class c on c.oid = i.indrelid
      where c.relnamespace = current_schema()::regnamespace and c.relname = any(${tables}::text[])
        and not exists (select from pg_constraint where conindid = i.indexrelid and contype <> 'f')
    order by place desc`);
  for (const { off } of statements) await tx.run(sql.raw(off).unprepared);
  for (const name of tables) await tx.run(sql`alter table ${sql.ident(name)} disable trigger user`.unprepared);
  return [
    ...statements.map(({ back }) => back).reverse(),
    ...tables.map((name) => sql`alter table ${sql.ident(name)} enable trigger user`.text),
  ];
}

async function loadTable(tx: Transaction, table: DumpedTable, frames: AsyncGenerator<Frame>): Promise<number> {
  const sink = tx.copyIn(table.name, table.columns) as Writable & { rowCount?: number };
  const done = finished(sink);
  done.catch(() => {}); // thrown below
  try {
    for (;;) {
      const { kind, body } = await frame(frames);
      if (kind === 'data') {
        if (!sink.write(body)) await Promise.race([once(sink, 'drain'), done]);
        continue;
      }
      if (kind !== 'rows') throw new DamagedDump(`The dump of the table ${table.name} is damaged.`);
      sink.end();
      await done;
      const expected = json<number>(body);
      if (sink.rowCount === expected) return expected;
      throw new DamagedDump(`The table ${table.name} has ${sink.rowCount} rows, ${expected} were dumped.`);
    }
  } catch (error) {
    sink.destroy();
    throw error;
  }
}

async function setSequences(tx: Transaction, sequences: readonly SequenceValue[]): Promise<void> {
  const names = sequences.map(({ name }) => name);
  const values = sequences.map(({ value }) => value);
  await tx.run(sql`select setval(format('%I', name)::regclass, value)
    from unnest(${names}::text[], ${values}::bigint[]) as given (name, value)`);
}

async function frame(frames: AsyncGenerator<Frame>): Promise<Frame> {
  const { value, done } = await frames.next();
  if (done) throw new DamagedDump('The dump of the database ends too early.');
  return value;
}

async function next(frames: AsyncGenerator<Frame>, kind: Frame['kind']): Promise<Buffer> {
  const found = await frame(frames);
  if (found.kind !== kind) throw new DamagedDump('This is not a dump of a database.');
  return found.body;
}

function json<T>(body: Buffer): T {
  return JSON.parse(body.toString()) as T;
}
