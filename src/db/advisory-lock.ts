/** A session level advisory lock on a connection of its own: held as long as that connection lives. */
import pg from 'pg';
import { connectionConfig, type DatabaseOptions } from './database.ts';
import { translateError } from './errors.ts';
import { prepareSession } from './statement.ts';

interface AdvisoryLock {
  release(): Promise<void>;
}

interface AdvisoryLockOptions extends DatabaseOptions {
  /** Name of the lock; the same name is the same lock in every process on this database. */
  name: string;
  /** Called once when the connection, and with it the lock, is lost without `release`. */
  onLost?: () => void;
}

/** Takes the lock if it is free, else answers undefined at once. */
export async function tryAdvisoryLock(options: AdvisoryLockOptions): Promise<AdvisoryLock | undefined> {
  return acquire(options, 'select pg_try_advisory_lock(hashtextextended($1, 0)) as held');
}

/** Waits until the lock is free. */
export async function waitForAdvisoryLock(options: AdvisoryLockOptions): Promise<AdvisoryLock> {
  const lock = await acquire(options, 'select pg_advisory_lock(hashtextextended($1, 0)) is not null as held');
  return lock as AdvisoryLock;
}

async function acquire(options: AdvisoryLockOptions, text: string): Promise<AdvisoryLock | undefined> {
  const client = new pg.Client({
    ...connectionConfig(options),
    application_name: `${options.applicationName ?? 'deckle'} lock ${options.name}`,
  });
  let held = false;
  const onEnd = () => {
    if (held) options.onLost?.();
    held = false;
  };
  client.on('error', onEnd);
  client.on('end', onEnd);
  try {
    await client.connect();
    await prepareSession(client);
    const { rows } = await client.query(text, [options.name]);
    if (rows[0]?.held !== true) {
      await client.end();
      return undefined;
    }
  } catch (error) {
    await client.end().catch(() => {});
    throw translateError(error);
  }
  held = true;
  return {
    async release() {
      held = false;
      await client.end().catch(() => {});
    },
  };
}
