/** Writes the tables of a database as one compressed stream, all of them from one snapshot. */
import type { Transaction } from '../../db/database.ts';
import { type AppliedMigration, readHistory } from '../../db/migrate.ts';
import { sql } from '../../db/sql.ts';
import { type DumpedTable, dumpedTables, sequenceValues } from './catalog.ts';
import { frameHead, jsonFrame } from './frames.ts';
import type { Report } from './progress.ts';
import { writeCompressed } from './sealed-file.ts';

/** What `header` of the dump says. */
export interface DumpHeader {
  readonly format: 1;
  readonly migrations: readonly AppliedMigration[];
}

interface WrittenDump {
  readonly sha256: string;
  readonly size: number;
  readonly migrations: readonly AppliedMigration[];
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

const NEWLINE = 10;

/** `tx` must read from one snapshot (repeatable read). Memory does not depend on the size of the tables. */
export async function dumpDatabase(tx: Transaction, file: string, report: Report): Promise<WrittenDump> {
  const migrations = await readHistory(tx);
  const rows: Record<string, number> = {};
  const sealed = await writeCompressed(file, dumpFrames(tx, migrations, rows, report));
  return { ...sealed, migrations, rows };
}

async function* dumpFrames(
  tx: Transaction,
  migrations: readonly AppliedMigration[],
  rows: Record<string, number>,
  report: Report,
): AsyncGenerator<Buffer> {
  yield jsonFrame('header', { format: 1, migrations } satisfies DumpHeader);
  const tables = await dumpedTables(tx);
  for (const [index, table] of tables.entries()) {
    report.progress(`database: table ${index + 1} of ${tables.length} (${table.name})`);
    yield* tableFrames(tx, table, rows);
  }
  yield jsonFrame('sequences', await sequenceValues(tx));
  yield frameHead('end', 0);
}

async function* tableFrames(tx: Transaction, table: DumpedTable, rows: Record<string, number>): AsyncGenerator<Buffer> {
  yield jsonFrame('table', table);
  const columns = sql.join(table.columns.map((name) => sql.ident(name)));
  let count = 0;
  for await (const piece of tx.copyOut(sql`select ${columns} from ${sql.ident(table.name)}`) as AsyncIterable<Buffer>) {
    // In COPY's text format a line feed is always the end of a row.
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) count++;
    yield frameHead('data', piece.length);
    yield piece;
  }
  rows[table.name] = count;
  yield jsonFrame('rows', count);
}
