/** Reads a JSON array of objects piece by piece, so that its length does not matter. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** Longest single object. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Yields the objects of the array one by one. Throws SyntaxError for what is none. */
export async function* readJsonArray(source: AsyncIterable<Uint8Array>): AsyncGenerator<Record<string, unknown>> {
  let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  const scan = new Scanner();
  for await (const piece of source) {
    const from = rest.length;
    rest = from === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength) : Buffer.concat([rest, piece]);
    let used = 0;
    for (const { start, end } of scan.objects(rest, from)) {
      yield JSON.parse(rest.toString('utf8', start, end)) as Record<string, unknown>;
      used = end;
    }
    rest = rest.subarray(scan.settle(used));
    if (rest.length > MOST_BYTES) throw new SyntaxError('An object of the array is too large');
  }
  if (scan.inside) throw new SyntaxError('The array ends within an object');
}

class Scanner {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #start = 0;

  get inside(): boolean {
    return this.#depth > 0;
  }

  *objects(bytes: Buffer, from: number): Generator<{ start: number; end: number }> {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (this.#escaped) this.#escaped = false;
      else if (this.#inString) {
        if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN) {
        if (this.#depth === 0) this.#start = at;
        this.#depth += 1;
      } else if (byte === CLOSE) {
        this.#depth -= 1;
        if (this.#depth < 0) throw new SyntaxError('The array is not well formed');
        if (this.#depth === 0) yield { start: this.#start, end: at + 1 };
      }
    }
  }

  /** What may be forgotten of the bytes: all before an object that has begun. */
  settle(used: number): number {
    const from = this.#depth > 0 ? this.#start : Number.POSITIVE_INFINITY;
    this.#start = 0;
    return Math.max(used, from);
  }
}
