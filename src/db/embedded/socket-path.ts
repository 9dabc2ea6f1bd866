/** A path to the cluster's socket that fits into the 107 bytes a socket address may have. */

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const socketName = '.s.PGSQL.5432';
const longest = 107;

/** The cluster directory itself, or a private short link to it when its path is too long. */
export function socketDirectory(clusterDirectory: string): string {
  if (Buffer.byteLength(join(clusterDirectory, socketName)) <= longest) return clusterDirectory;
  const base = linkDirectory(clusterDirectory);
  makePrivate(base);
  const link = join(base, 'pg');
  if (linkTarget(link) !== clusterDirectory) {
    rmSync(link, { force: true });
    symlinkSync(clusterDirectory, link);
  }
  return link;
}

/** Removes the link, if there is one, when the server has stopped. */
export function removeSocketLink(clusterDirectory: string): void {
  rmSync(linkDirectory(clusterDirectory), { recursive: true, force: true });
}

function linkDirectory(clusterDirectory: string): string {
  const hash = createHash('sha256').update(clusterDirectory).digest('hex').slice(0, 12);
  return `/tmp/deckle-${process.getuid?.()}-${hash}`;
}

function makePrivate(directory: string): void {
  mkdirSync(directory, { mode: 0o700, recursive: true });
  const stat = lstatSync(directory);
  // Somebody else could have prepared it and lead us to another server.
  if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0) {
    throw new Error(
      `${directory} is not a private directory of this user. Remove it, or use a shorter data directory.`,
    );
  }
}

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
