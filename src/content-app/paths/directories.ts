/**
 * Which directories a publication or version has. Asked only for paths that are no file; the first such question reads
 * all paths of the source once, and the answer is kept, because neither publications nor versions change.
 */
import type { Database } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { SingleFlight } from '../../lib/flow/single-flight.ts';
import { inVersion } from '../../model/repositories/membership.ts';
import type { Source } from '../distributions/served-entry.ts';

/** Directories kept over all sources; each takes eight bytes. */
const MAX_KEPT = 4_000_000;

/** Sorted 53-bit hashes of the paths: names themselves would take ten times the memory. */
class DirectorySet {
  readonly #hashes: Float64Array;

  constructor(paths: Iterable<string>) {
    const hashes = new Set<number>();
    for (const path of paths) {
      for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
        const before = hashes.size;
        hashes.add(hashOf(path.slice(0, end)));
        // What is above a known directory is known too.
        if (hashes.size === before) break;
      }
    }
    this.#hashes = Float64Array.from(hashes).sort();
  }

  get size(): number {
    return this.#hashes.length;
  }

  has(path: string): boolean {
    const wanted = hashOf(path);
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#hashes[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return this.#hashes[low] === wanted;
  }
}

/** Two 32-bit multiplicative hashes over the characters, joined to 53 bits. */
function hashOf(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}

export class Directories {
  readonly #db: Database;
  readonly #kept = new Map<string, DirectorySet>();
  readonly #flights = new SingleFlight<string, DirectorySet>();
  #count = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** True when there are files below the path (without a slash at its end); the root always is a directory. */
  async has(source: Source, path: string): Promise<boolean> {
    if (path === '') return true;
    const key = source.publicationId ?? `version ${source.version.id}`;
    const kept = this.#kept.get(key);
    if (kept) return kept.has(path);
    const read = await this.#flights.run(key, async () => this.#keep(key, await this.#read(source)));
    return read.has(path);
  }

  #keep(key: string, set: DirectorySet): DirectorySet {
    this.#kept.set(key, set);
    this.#count += set.size + 1;
    for (const [oldest, one] of this.#kept) {
      if (this.#count <= MAX_KEPT || oldest === key) break;
      this.#kept.delete(oldest);
      this.#count -= one.size + 1;
    }
    return set;
  }

  async #read(source: Source): Promise<DirectorySet> {
    const rows = await this.#db.rows<{ path: string }>(sql`select distinct
      left(relative_path, length(relative_path) - strpos(reverse(relative_path), '/')) as path
      from (${pathsOf(source)}) f where strpos(relative_path, '/') > 0`);
    return new DirectorySet(rows.map((row) => row.path));
  }
}

function pathsOf({ publicationId, content, version }: Source): Sql {
  const parts: Sql[] = [];
  if (publicationId)
    parts.push(sql`select relative_path from published_artifact where publication_id = ${publicationId}`);
  if (content)
    parts.push(sql`select ca.relative_path from repository_content rc join content_artifact ca on ca.content_id = rc.content_id
      where ${inVersion(version)}`);
  return parts.length > 0 ? sql.join(parts, ' union all ') : sql`select ''::text as relative_path where false`;
}
