/** Unpacks bzip2 streams block by block; at most a block of 900 kB and its tables are held. */

/** The stream is no bzip2 data or is damaged. */
class Bzip2Error extends Error {
  override readonly name = 'Bzip2Error';
}

/** Reads bits, most significant first, from a stream. */
class BitReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes that can be read without waiting. */
  get ready(): number {
    return this.#piece.length - this.#at;
  }

  /** Makes at least so many bytes ready, or all that are left. */
  async fill(bytes: number): Promise<void> {
    while (this.ready < bytes) {
      const next = await this.#source.next();
      if (next.done) return;
      this.#piece = Buffer.concat([this.#piece.subarray(this.#at), next.value]);
      this.#at = 0;
    }
  }

  /** Up to 24 bits. */
  read(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#piece.length) throw new Bzip2Error('the bzip2 stream is cut off');
      this.#bits = ((this.#bits << 8) | this.#piece[this.#at++]!) >>> 0;
      this.#count += 8;
    }
    this.#count -= count;
    const value = (this.#bits >>> this.#count) & ((1 << count) - 1);
    this.#bits &= (1 << this.#count) - 1;
    return value;
  }

  align(): void {
    this.#count = 0;
    this.#bits = 0;
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }
}

const BLOCK_MAGIC = [0x314159, 0x265359] as const;
const END_MAGIC = [0x177245, 0x385090] as const;
/** A block cannot take more than this: incompressible data of the largest size with its tables. */
const LARGEST_BLOCK = 1_200_000;

/** The unpacked bytes of one or more streams on end. Throws Bzip2Error. */
export async function* bunzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bits = new BitReader(source);
  try {
    await bits.fill(LARGEST_BLOCK);
    do {
      const limit = readStreamHeader(bits);
      for (;;) {
        await bits.fill(LARGEST_BLOCK);
        const magic = [bits.read(24), bits.read(24)];
        const isEnd = magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1];
        if (!isEnd && (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1]))
          throw new Bzip2Error('a bzip2 block is damaged');
        bits.read(16);
        bits.read(16);
        if (isEnd) break;
        yield* decodeBlock(bits, limit);
      }
      bits.align();
      await bits.fill(LARGEST_BLOCK);
    } while (bits.ready >= 14);
  } finally {
    await bits.end();
  }
}

function readStreamHeader(bits: BitReader): number {
  if (bits.read(24) !== 0x425a68) throw new Bzip2Error('it is no bzip2 stream');
  const level = bits.read(8) - 0x30;
  if (level < 1 || level > 9) throw new Bzip2Error('it is no bzip2 stream');
  return level * 100_000;
}

function* decodeBlock(bits: BitReader, limit: number): Generator<Uint8Array> {
  if (bits.read(1)) throw new Bzip2Error('randomised bzip2 blocks are not supported');
  const origin = bits.read(24);
  const symbols = readUsedSymbols(bits);
  const { tables, selectors } = readTables(bits, symbols.length + 2);
  const { data, counts } = readBlock(bits, { symbols, tables, selectors, limit });
  if (origin >= data.length) throw new Bzip2Error('a bzip2 block is damaged');
  yield* expandRuns(invertTransform(data, counts), data.length, origin);
}

function readUsedSymbols(bits: BitReader): number[] {
  const ranges = bits.read(16);
  const symbols: number[] = [];
  for (let i = 0; i < 16; i++) {
    if (!(ranges & (0x8000 >> i))) continue;
    const used = bits.read(16);
    for (let j = 0; j < 16; j++) if (used & (0x8000 >> j)) symbols.push(i * 16 + j);
  }
  if (symbols.length === 0) throw new Bzip2Error('a bzip2 block is damaged');
  return symbols;
}

interface Table {
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly codes: Uint16Array;
  readonly shortest: number;
}

function readTables(bits: BitReader, size: number): { tables: Table[]; selectors: Uint8Array } {
  const groups = bits.read(3);
  const count = bits.read(15);
  if (groups < 2 || groups > 6 || count < 1) throw new Bzip2Error('a bzip2 block is damaged');
  const order = Array.from({ length: groups }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let place = 0;
    while (bits.read(1)) if (++place >= groups) throw new Bzip2Error('a bzip2 block is damaged');
    const [group] = order.splice(place, 1);
    order.unshift(group!);
    selectors[i] = group!;
  }
  return { tables: Array.from({ length: groups }, () => readTable(bits, size)), selectors };
}

function readTable(bits: BitReader, size: number): Table {
  const lengths = new Uint8Array(size);
  let length = bits.read(5);
  for (let i = 0; i < size; i++) {
    while (bits.read(1)) length += bits.read(1) ? -1 : 1;
    if (length < 1 || length > 20) throw new Bzip2Error('a bzip2 block is damaged');
    lengths[i] = length;
  }
  return makeTable(lengths);
}

/** Canonical Huffman codes: per length the largest code, and where its symbols begin. */
function makeTable(lengths: Uint8Array): Table {
  const perLength = new Int32Array(22);
  for (const length of lengths) perLength[length]!++;
  const limits = new Int32Array(22).fill(-1);
  const bases = new Int32Array(22);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 20; length++) {
    bases[length] = index - code;
    code += perLength[length]!;
    index += perLength[length]!;
    limits[length] = code - 1;
    code <<= 1;
  }
  const codes = Uint16Array.from(lengths.keys()).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  return { limits, bases, codes, shortest: Math.min(...lengths) };
}

function readSymbol(bits: BitReader, table: Table): number {
  let length = table.shortest;
  let code = bits.read(length);
  while (code > table.limits[length]!) {
    if (++length > 20) throw new Bzip2Error('a bzip2 block is damaged');
    code = (code << 1) | bits.read(1);
  }
  const symbol = table.codes[table.bases[length]! + code];
  if (symbol === undefined) throw new Bzip2Error('a bzip2 block is damaged');
  return symbol;
}

interface BlockParts {
  readonly symbols: number[];
  readonly tables: readonly Table[];
  readonly selectors: Uint8Array;
  readonly limit: number;
}

/** Undoes Huffman coding, run lengths of zeros and move to front. */
function readBlock(
  bits: BitReader,
  { symbols, tables, selectors, limit }: BlockParts,
): { data: Uint8Array; counts: Int32Array } {
  const data = new Uint8Array(limit);
  const counts = new Int32Array(256);
  const end = symbols.length + 1;
  const front = [...symbols];
  let size = 0;
  let run = 0;
  let weight = 1;
  const put = (byte: number, times: number) => {
    if (size + times > limit) throw new Bzip2Error('a bzip2 block is damaged');
    data.fill(byte, size, size + times);
    counts[byte]! += times;
    size += times;
  };
  for (let read = 0; ; read++) {
    const table = tables[selectors[Math.floor(read / 50)] ?? -1];
    if (!table) throw new Bzip2Error('a bzip2 block is damaged');
    const symbol = readSymbol(bits, table);
    if (symbol < 2) {
      run += weight << symbol;
      weight <<= 1;
      if (run > limit) throw new Bzip2Error('a bzip2 block is damaged');
      continue;
    }
    if (run > 0) put(front[0]!, run);
    run = 0;
    weight = 1;
    if (symbol === end) return { data: data.subarray(0, size), counts };
    const [byte] = front.splice(symbol - 1, 1);
    front.unshift(byte!);
    put(byte!, 1);
  }
}

/** Per place the byte, and in the upper bits where the next one is (Burrows-Wheeler backwards). */
function invertTransform(data: Uint8Array, counts: Int32Array): Uint32Array {
  const starts = new Int32Array(256);
  for (let byte = 1; byte < 256; byte++) starts[byte] = starts[byte - 1]! + counts[byte - 1]!;
  const links = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i++) links[starts[data[i]!]!++]! |= i << 8;
  for (let i = 0; i < data.length; i++) links[i]! |= data[i]!;
  return links;
}

/** Four equal bytes are followed by the number of further ones. */
function* expandRuns(links: Uint32Array, length: number, origin: number): Generator<Uint8Array> {
  let output = new Uint8Array(65536);
  let size = 0;
  let place = links[origin]! >>> 8;
  let repeats = 0;
  let last = -1;
  for (let i = 0; i < length; i++) {
    const byte = links[place]! & 0xff;
    place = links[place]! >>> 8;
    const times = repeats === 4 ? byte : 1;
    const value = repeats === 4 ? last : byte;
    if (size + times > output.length) {
      yield output.subarray(0, size);
      output = new Uint8Array(65536);
      size = 0;
    }
    output.fill(value, size, size + times);
    size += times;
    if (repeats === 4) [repeats, last] = [0, -1];
    else [repeats, last] = [byte === last ? repeats + 1 : 1, byte];
  }
  if (size > 0) yield output.subarray(0, size);
}
