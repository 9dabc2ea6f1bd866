/** The lists of revoked certificates of a guard: a PEM text, or a file that is read again when it has changed. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RevocationList, readRevocationLists } from './formats/revocation-list.ts';

/** Lists as they were at one time, with what tells whether they have changed. */
interface Loaded {
  readonly stamp: string;
  readonly lists: readonly RevocationList[];
}

const FILE = /^file:\/\//;

export function isFileUrl(source: string): boolean {
  return FILE.test(source);
}

export class RevocationSource {
  readonly #source: string;
  readonly #allowed: readonly string[];
  #loaded: Loaded | undefined;

  /** `source` is a PEM text or a file:// URL below one of the allowed directories. */
  constructor(source: string, allowed: readonly string[]) {
    this.#source = source;
    this.#allowed = allowed;
  }

  /** Throws when the file cannot be read, or holds no list. */
  lists(): readonly RevocationList[] {
    const stamp = isFileUrl(this.#source) ? stampOf(this.#path()) : '';
    if (this.#loaded?.stamp !== stamp) this.#loaded = { stamp, lists: this.#read() };
    return this.#loaded.lists;
  }

  #read(): RevocationList[] {
    const text = isFileUrl(this.#source) ? readFileSync(this.#path(), 'latin1') : this.#source;
    const lists = readRevocationLists(text);
    if (lists.length === 0) throw new Error('There is no list of revoked certificates.');
    return lists;
  }

  /** Links are followed first: they must not lead out of what is allowed. */
  #path(): string {
    const path = realpathSync(fileURLToPath(this.#source));
    const inside = this.#allowed.some((one) => `${path}/`.startsWith(`${realpathSync(one).replace(/\/+$/, '')}/`));
    if (!inside) throw new Error('The file is not below an allowed import path.');
    return path;
  }
}

function stampOf(path: string): string {
  const { mtimeNs, size, ino } = statSync(path, { bigint: true });
  return `${mtimeNs} ${size} ${ino}`;
}
