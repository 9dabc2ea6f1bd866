/** The list of the stored files that the rows of a snapshot name: artifacts, and chunks of uploads in the making. */
import type { Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { linesOf } from '../../lib/text/lines.ts';
import { artifactKey } from '../../storage/artifact-key.ts';
import { decompressed, type Seal, writeCompressed } from './sealed-file.ts';

export interface ListedFile {
  readonly key: string;
  readonly size: number;
  /** Null for chunks of uploads, whose digests nobody knows yet. */
  readonly sha256: string | null;
  /** Id of the domain in whose storage it is, null for the default one. */
  readonly domain: string | null;
}

interface WrittenList extends Seal {
  readonly count: number;
  readonly bytes: number;
}

/** Lines are collected into pieces of this size. */
const PIECE = 64 * 1024;

/** `tx` must read from the snapshot of the dump. */
export async function writeFileList(tx: Transaction, file: string): Promise<WrittenList> {
  const total = { count: 0, bytes: 0 };
  const seal = await writeCompressed(file, listPieces(tx, total));
  return { ...seal, ...total };
}

async function* listPieces(tx: Transaction, total: { count: number; bytes: number }): AsyncGenerator<Buffer> {
  let piece = '';
  for await (const { key, size, sha256, domain } of namedFiles(tx)) {
    total.count++;
    total.bytes += size;
    piece += `${key}\t${size}\t${sha256 ?? '-'}\t${domain ?? '-'}\n`;
    if (piece.length < PIECE) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

async function* namedFiles(tx: Transaction): AsyncGenerator<ListedFile> {
  // The order of ids is near that of writing, and costs no sort.
  const artifacts = sql`select a.size, encode(a.sha256, 'hex'), d.pulp_id, d.name = 'default'
    from artifact a join domain d on d.id = a.domain_id`;
  for await (const [size, sha256, domainId, isDefault] of copiedRows(tx, artifacts)) {
    const domain = isDefault === 't' ? null : domainId!;
    yield { key: artifactKey(sha256!, domain), size: Number(size), sha256: sha256!, domain };
  }
  const chunks = sql`select c.size, c.upload_id, c.chunk_offset, d.pulp_id, d.name = 'default'
    from upload_chunk c join upload u on u.pulp_id = c.upload_id join domain d on d.id = u.domain_id`;
  for await (const [size, upload, offset, domainId, isDefault] of copiedRows(tx, chunks)) {
    const domain = isDefault === 't' ? null : domainId!;
    yield { key: `upload/${upload}/${offset}`, size: Number(size), sha256: null, domain };
  }
}

/** Rows of plain values: nothing in them has to be unescaped. */
async function* copiedRows(tx: Transaction, query: Sql): AsyncGenerator<string[]> {
  for await (const line of linesOf(tx.copyOut(query))) yield line.split('\t');
}

/** The entries of a list, one after another. */
export async function* readFileList(file: string): AsyncGenerator<ListedFile> {
  for await (const line of linesOf(decompressed(file))) {
    const [key, size, sha256, domain] = line.split('\t') as [string, string, string, string];
    yield { key, size: Number(size), sha256: sha256 === '-' ? null : sha256, domain: domain === '-' ? null : domain };
  }
}
