/** Starts, supervises and stops the PostgreSQL server that the program brings with it. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createCluster, databaseUser, writeConfiguration } from './cluster.ts';
import { clearLeftover, Postmaster, type ServerLog } from './postmaster.ts';
import { findPrograms, type Programs } from './programs.ts';
import { removeSocketLink, socketDirectory } from './socket-path.ts';
import { chooseUser, currentUser, type RunAs } from './system-user.ts';

interface EmbeddedOptions {
  /** Where the cluster is or is to be; the caller holds the lock of the data directory above. */
  directory: string;
  log?: ServerLog;
  /** Trades durability for speed; for tests only. */
  unsafe?: boolean;
}

export interface EmbeddedPostgres {
  /** For openDatabase, in this and all other processes of this user. */
  readonly url: string;
  stop(): Promise<void>;
}

const longestPause = 10_000;

/** The URL under which the cluster answers while it runs. */
export function embeddedUrl(directory: string, database = databaseUser): string {
  return `postgresql://${databaseUser}@/${database}?host=${encodeURIComponent(socketDirectory(directory))}`;
}

/** Makes the cluster when it is not there, starts it, and keeps it running until `stop`. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { directory, log = () => {}, unsafe = false } = options;
  const runAs = chooseUser(directory);
  const programs = findPrograms(runAs, dirname(directory));
  await clearLeftover(directory, log);
  await createCluster(directory, programs, runAs, unsafe);
  writeConfiguration(directory, currentUser().name, programs.version, unsafe);
  const server = new SupervisedServer(directory, programs, runAs, log);
  try {
    await server.start();
    await createDatabase(directory);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: embeddedUrl(directory), stop: () => server.stop() };
}

/** initdb makes no database for applications; a first start may have been killed before it was made. */
async function createDatabase(directory: string): Promise<void> {
  const client = new pg.Client({ connectionString: embeddedUrl(directory, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseUser]);
    if (rowCount === 0) await client.query(`create database ${databaseUser}`);
  } finally {
    await client.end();
  }
}

class SupervisedServer {
  readonly #directory: string;
  readonly #programs: Programs;
  readonly #runAs: RunAs;
  readonly #log: ServerLog;
  #postmaster: Postmaster | undefined;
  #stopping = false;
  #restarting: Promise<void> | undefined;

  constructor(directory: string, programs: Programs, runAs: RunAs, log: ServerLog) {
    this.#directory = directory;
    this.#programs = programs;
    this.#runAs = runAs;
    this.#log = log;
  }

  async start(): Promise<void> {
    const postmaster = new Postmaster(this.#directory, this.#programs, this.#runAs, this.#log);
    this.#postmaster = postmaster;
    await postmaster.ready(this.#directory);
    postmaster.ended.then((code) => {
      if (this.#stopping) return;
      this.#log('FATAL', `PostgreSQL ended unexpectedly (exit code ${code}); it is started again`);
      this.#restarting = this.#restart();
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#restarting;
    await this.#postmaster?.stop();
    removeSocketLink(this.#directory);
  }

  async #restart(): Promise<void> {
    for (let pause = 100; !this.#stopping; pause = Math.min(pause * 2, longestPause)) {
      await sleep(pause);
      try {
        // When only the guardian was killed, the server is still there.
        await clearLeftover(this.#directory, this.#log);
        await this.start();
        return;
      } catch (error) {
        this.#log('FATAL', (error as Error).message);
      }
    }
  }
}
