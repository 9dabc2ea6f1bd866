/** Finished pages of live indexes, packed, in memory within a bound of bytes; the least used go first. */
import { gunzipSync, gzipSync } from 'node:zlib';

interface Slot {
  readonly packed: Buffer;
  readonly cost: number;
  used: boolean;
}

/** What a page costs beside its bytes and its key. */
const OVERHEAD = 300;
/** Little memory and little time: most pages are a few kilobytes. */
const PACKING = { level: 1, memLevel: 6, windowBits: 14, chunkSize: 4096 };

export class PageStore {
  readonly #slots = new Map<string, Slot>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A page as gzip, or undefined. */
  get(key: string): Buffer | undefined {
    const slot = this.#slots.get(key);
    if (!slot) return undefined;
    slot.used = true;
    return slot.packed;
  }

  /** Packs a page and keeps it, but for those that would take a quarter of the room. Answers the packed page. */
  set(key: string, page: string): Buffer {
    const large = gzipSync(page, PACKING);
    // Pieces of larger buffers would keep those alive.
    const packed = Buffer.allocUnsafeSlow(large.length);
    large.copy(packed);
    const cost = 2 * key.length + packed.length + OVERHEAD;
    this.delete(key);
    if (cost > this.#limit / 4) return packed;
    this.#slots.set(key, { packed, cost, used: false });
    this.#bytes += cost;
    this.#shrink();
    return packed;
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot) this.#drop(key, slot);
  }

  /** Second chance: what was used since it was last looked at goes to the end once more. */
  #shrink(): void {
    for (const [key, slot] of this.#slots) {
      if (this.#bytes <= this.#limit) return;
      this.#drop(key, slot);
      if (!slot.used) continue;
      slot.used = false;
      this.#slots.set(key, slot);
      this.#bytes += slot.cost;
    }
  }

  #drop(key: string, slot: Slot): void {
    this.#slots.delete(key);
    this.#bytes -= slot.cost;
  }
}

export function unpackPage(packed: Uint8Array): Buffer {
  return gunzipSync(packed);
}
