/**
 * Adds to the lock file the packages of other platforms that npm has left out because its registry did not offer them.
 * `npm ci` refuses a lock file without them, although it would not install them. Run it after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockEntry {
  version?: string;
  resolved?: string;
  dev?: boolean;
  license?: string;
  engines?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  [other: string]: unknown;
}

export interface LockFile {
  packages: Record<string, LockEntry>;
}

export const lockFilePath = join(import.meta.dirname, '..', 'package-lock.json');

const systems = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32', 'aix'];
const processors = ['arm64', 'x64', 'ia32', 'arm', 'riscv64', 'ppc64', 's390x', 'loong64', 'mips64el'];

/** Entries that are named by a package of the lock file and not there. */
export function missingEntries({ packages }: LockFile): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      if (path !== '' && !places.some((place) => place in packages)) {
        missing[`node_modules/${name}`] = platformEntry(name, version, entry);
      }
    }
  }
  return missing;
}

/** What npm needs to know in order to leave the package out: for which platform it is. */
function platformEntry(name: string, version: string, parent: LockEntry): LockEntry {
  const words = name.split(/[-/]/);
  const cpu = processors.filter((word) => words.includes(word));
  const os = systems.filter((word) => words.includes(word));
  const libc = ['musl', 'glibc'].filter((word) => words.includes(word) || words.includes(`linux${word}`));
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(parent.dev ? { dev: true } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    ...(parent.license ? { license: parent.license } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
    ...(parent.engines ? { engines: parent.engines } : {}),
  };
}

export function readLockFile(): LockFile {
  return JSON.parse(readFileSync(lockFilePath, 'utf8')) as LockFile;
}

if (import.meta.main) {
  const lock = readLockFile();
  const missing = missingEntries(lock);
  const all = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(lockFilePath, `${JSON.stringify({ ...lock, packages: Object.fromEntries(all) }, null, 2)}\n`);
  for (const name of Object.keys(missing)) process.stdout.write(`added ${name}\n`);
}
