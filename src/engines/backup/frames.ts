/** The form of a database dump: frames of a kind, a length and a body, one after another, so that a cut is always noticed. */

import { BackupRefused } from './backup-refused.ts';

/**
 * `header`: JSON about the whole. Then for each table `table` (JSON: name, columns), `data` (any number, COPY's text format) and
 * `rows` (JSON: their number). `sequences`: JSON. `end`: nothing follows.
 */
type FrameKind = 'header' | 'table' | 'data' | 'rows' | 'sequences' | 'end';

export interface Frame {
  readonly kind: FrameKind;
  readonly body: Buffer;
}

const KINDS: readonly FrameKind[] = ['header', 'table', 'data', 'rows', 'sequences', 'end'];
/** Kind and length (32 bits, big end first). */
const HEAD_BYTES = 5;
/** PostgreSQL's rows are below 1 GiB. */
const LONGEST = 2 ** 30;

/** The bytes are not those of a dump, or end too early. */
export class DamagedDump extends BackupRefused {}

export function frameHead(kind: FrameKind, length: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt8(KINDS.indexOf(kind), 0);
  head.writeUInt32BE(length, 1);
  return head;
}

/** Head and body of a frame that holds JSON. */
export function jsonFrame(kind: FrameKind, value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  return Buffer.concat([frameHead(kind, body.length), body]);
}

/** The frames of a dump; throws DamagedDump when it ends without its last one. */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const bytes = new ByteReader(source);
  try {
    for (;;) {
      const head = await bytes.take(HEAD_BYTES);
      const kind = KINDS[head.readUInt8(0)];
      const length = head.readUInt32BE(1);
      if (kind === undefined || length > LONGEST) throw new DamagedDump('The dump of the database is damaged.');
      yield { kind, body: await bytes.take(length) };
      if (kind === 'end') return;
    }
  } finally {
    await bytes.close();
  }
}

/** Takes exact numbers of bytes from a stream of pieces. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async take(length: number): Promise<Buffer> {
    while (this.#size < length) {
      const next = await this.#source.next();
      if (next.done) throw new DamagedDump('The dump of the database ends too early.');
      this.#pieces.push(next.value);
      this.#size += next.value.length;
    }
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#size);
    this.#pieces = [all.subarray(length)];
    this.#size -= length;
    return all.subarray(0, length);
  }
}
