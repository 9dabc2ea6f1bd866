/** Runs one statement on one connection, with named prepared statements bounded per connection. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Sql } from './sql.ts';

/** Prepared statements kept per connection; each costs the server some tens of kilobytes. */
const maxPrepared = 200;
const maxNames = 5000;

const nameOfText = new Map<string, string>();
const preparedOn = new WeakMap<pg.ClientBase, Set<string>>();

function statementName(text: string): string {
  let name = nameOfText.get(text);
  if (name === undefined) {
    name = createHash('sha1').update(text).digest('base64url').slice(0, 16);
    if (nameOfText.size >= maxNames) nameOfText.clear();
    nameOfText.set(text, name);
  }
  return name;
}

/** Marks the name as used just now and drops the one unused for longest when there are too many. */
function remember(client: pg.ClientBase, name: string): void {
  const names = preparedOn.get(client) ?? new Set<string>();
  preparedOn.set(client, names);
  names.delete(name);
  names.add(name);
  if (names.size <= maxPrepared) return;
  const oldest = names.values().next().value as string;
  names.delete(oldest);
  const statements = (client as unknown as { connection: { parsedStatements: Record<string, string> } }).connection
    .parsedStatements;
  const text = statements[oldest];
  if (text === undefined) return;
  delete statements[oldest];
  // Queued before the statement that follows; it fails only inside a broken transaction, then the name stays known.
  client.query(`deallocate "${oldest}"`).catch(() => {
    statements[oldest] = text;
  });
}

/** Sends the statement and waits for its result. */
export function execute(client: pg.ClientBase, query: Sql): Promise<pg.QueryResult> {
  const text = query.text;
  const values = query.values as unknown[];
  if (!query.prepared) return client.query(text, values);
  const name = statementName(text);
  remember(client, name);
  return client.query({ name, text, values });
}

/** Session settings that the parsers and the server's SQL rely on; sent once per connection. */
export async function prepareSession(client: pg.ClientBase): Promise<void> {
  await client.query(
    "set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'iso_8601'; " +
      "set bytea_output to 'hex'; set extra_float_digits to 1; set jit to off; set client_min_messages to warning",
  );
}
