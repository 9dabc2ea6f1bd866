/** Finished pages of live indexes, in memory within a bound of bytes: those not used lately are packed, then dropped. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ownMemory } from '../../../lib/process/own-memory.ts';

interface Slot {
  readonly bytes: Buffer;
  /** Bytes of the page itself where `bytes` is packed, else 0. */
  readonly packedFrom: number;
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

  get(key: string): Buffer | undefined {
    const slot = this.#slots.get(key);
    if (!slot) return undefined;
    slot.used = true;
    if (slot.packedFrom === 0) return slot.bytes;
    return inflateRawSync(slot.bytes, { chunkSize: Math.max(64, slot.packedFrom) });
  }

  /** Keeps a page, but for those that would take a quarter of the room. */
  set(key: string, page: Buffer): void {
    this.delete(key);
    if (page.length > this.#limit / 4) return;
    this.#keep(key, ownMemory(page), 0);
    this.#shrink();
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot) this.#drop(key, slot);
  }

  #keep(key: string, bytes: Buffer, packedFrom: number): void {
    const cost = 2 * key.length + bytes.length + OVERHEAD;
    this.#slots.set(key, { bytes, packedFrom, cost, used: false });
    this.#bytes += cost;
  }

  /** The oldest come first; what was used since it was last looked at, or can still be packed, goes to the end once more. */
  #shrink(): void {
    for (const [key, slot] of this.#slots) {
      if (this.#bytes <= this.#limit) return;
      this.#drop(key, slot);
      if (slot.used) this.#keep(key, slot.bytes, slot.packedFrom);
      else if (slot.packedFrom === 0) this.#keep(key, packed(slot.bytes), slot.bytes.length);
    }
  }

  #drop(key: string, slot: Slot): void {
    this.#slots.delete(key);
    this.#bytes -= slot.cost;
  }
}

const packed = (page: Buffer) => ownMemory(deflateRawSync(page, PACKING));
