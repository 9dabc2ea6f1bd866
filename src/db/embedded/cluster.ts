/** The files of an embedded cluster: made once by initdb, its configuration written anew at each start. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Programs } from './programs.ts';
import { EmbeddedPostgresError, type RunAs } from './system-user.ts';

/** Owner of everything in the cluster, and the name of the one database. */
export const databaseUser = 'deckle';

/**
 * The cluster seen from its own processes. They start in it and PostgreSQL stays in its data directory, so this path
 * works even when the user it runs as may not enter the directories above.
 */
export const hereDirectory = '/proc/self/cwd';

/** Makes the cluster unless it is there. A half-made one from a killed start is thrown away. */
export async function createCluster(
  directory: string,
  programs: Programs,
  runAs: RunAs,
  unsafe: boolean,
): Promise<void> {
  if (existsSync(join(directory, 'PG_VERSION'))) return;
  if (existsSync(directory)) {
    throw new EmbeddedPostgresError(
      `${directory} exists, but is not a database. Move it away or use another data directory.`,
    );
  }
  const unfinished = `${directory}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700, recursive: true });
  if ('uid' in runAs.ids) chownSync(unfinished, runAs.user.uid, runAs.user.gid);
  await runInitdb(unfinished, programs, runAs, unsafe);
  renameSync(unfinished, directory);
}

function runInitdb(cwd: string, programs: Programs, runAs: RunAs, unsafe: boolean): Promise<void> {
  // Ordering by code points depends on no library of the system; the provider came with PostgreSQL 17.
  const locale =
    programs.version >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'] : ['--locale=C'];
  const options = [
    '-D',
    hereDirectory,
    '-U',
    databaseUser,
    '-E',
    'UTF8',
    '--auth=peer',
    '--no-instructions',
    ...locale,
  ];
  if (unsafe) options.push('--no-sync');
  return new Promise((resolve, reject) => {
    const child = spawn(programs.initdb, [...options, '--data-checksums'], {
      ...runAs.ids,
      cwd,
      env: programEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => reject(new EmbeddedPostgresError(`initdb does not start: ${error.message}`, error)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new EmbeddedPostgresError(`initdb failed:\n${output.trim()}`));
    });
  });
}

/** Nothing of our environment (libpq variables, secrets in settings) is passed on to PostgreSQL. */
export function programEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', LANG: 'C' };
}

/** Writes configuration and access rules: only `clientName`, proven by the kernel, may log in. */
export function writeConfiguration(directory: string, clientName: string, version: number, unsafe: boolean): void {
  const lines = Object.entries({
    ...settings,
    ...(version >= 18 ? settings18 : {}),
    ...(unsafe ? unsafeSettings : {}),
  });
  const local = existsSync(join(directory, 'local.conf')) ? "include 'local.conf'\n" : '';
  writeOwn(
    join(directory, 'deckle.conf'),
    `# Written at each start. Put changes into local.conf beside this file; it is read last.\n${lines
      .map(([name, value]) => `${name} = '${value}'`)
      .join('\n')}\n${local}`,
  );
  writeOwn(join(directory, 'pg_hba.conf'), 'local all all peer map=deckle\n');
  writeOwn(join(directory, 'pg_ident.conf'), `deckle "${clientName}" ${databaseUser}\n`);
}

function writeOwn(file: string, text: string): void {
  // The directory is private to PostgreSQL's user, who has to be able to read what root writes here.
  writeFileSync(file, text, { mode: 0o644 });
  chmodSync(file, 0o644);
}

/** For one small machine: little memory while idle, large loads without constant checkpoints. */
const settings = {
  listen_addresses: '',
  unix_socket_directories: '.',
  max_connections: '100',
  shared_buffers: '128MB',
  huge_pages: 'off',
  work_mem: '8MB',
  maintenance_work_mem: '128MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  jit: 'off',
  // Parallel plans need more shared memory than containers usually give, and there are two cores.
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  // Backups are logical dumps, so the log only has to bring the cluster through a crash.
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  max_wal_size: '2GB',
  min_wal_size: '80MB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.9',
  synchronous_commit: 'on',
  fsync: 'on',
  autovacuum_naptime: '30s',
  autovacuum_vacuum_cost_limit: '1000',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '',
  // Errors of statements reach the program that sent them, which knows whether they were expected.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
};

/** Three processes less. */
const settings18 = { io_method: 'sync' };

/** For tests: what a crash of the machine would destroy need not be kept. */
const unsafeSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
