/** Name and version of this program, as backups remember it and processes tell it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Package {
  readonly name: string;
  readonly version: string;
}

let read: Package | undefined;

function ownPackage(): Package {
  read ??= JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8')) as Package;
  return read;
}

/** `deckle 0.2.0` */
export function programVersion(): string {
  const { name, version } = ownPackage();
  return `${name} ${version}`;
}

/** `0.2.0` */
export const versionNumber = (): string => ownPackage().version;
