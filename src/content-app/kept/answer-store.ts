/** Finished answers in memory, within a bound of bytes: those not used lately are packed, then dropped. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ownMemory } from '../../lib/process/own-memory.ts';

/** What is kept beside the bytes. */
export interface KeptInfo {
  readonly etag: string;
  readonly contentType?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** An answer that is kept. */
export interface StoredAnswer {
  readonly bytes: Buffer;
  readonly info: KeptInfo;
}

interface Slot {
  readonly bytes: Buffer;
  readonly info: KeptInfo;
  /** Bytes of the answer itself where `bytes` is packed, else 0. */
  readonly packedFrom: number;
  readonly mayPack: boolean;
  readonly cost: number;
  used: boolean;
}

/** What an answer costs beside its bytes and its key. */
const OVERHEAD = 400;
/** Little memory and little time: most pages are a few kilobytes. */
const PACKING = { level: 1, memLevel: 6, windowBits: 14, chunkSize: 4096 };

export class AnswerStore {
  readonly #slots = new Map<string, Slot>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): StoredAnswer | undefined {
    const slot = this.#slots.get(key);
    if (!slot) return undefined;
    slot.used = true;
    if (slot.packedFrom === 0) return slot;
    return { bytes: inflateRawSync(slot.bytes, { chunkSize: Math.max(64, slot.packedFrom) }), info: slot.info };
  }

  /** Keeps an answer, but for those that would take a quarter of the room. `mayPack`: not what is in a coding already. */
  set(key: string, bytes: Buffer, info: KeptInfo, mayPack = true): void {
    this.delete(key);
    if (bytes.length > this.#limit / 4) return;
    this.#keep(key, { bytes: ownMemory(bytes), info, packedFrom: 0, mayPack });
    this.#shrink();
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot) this.#drop(key, slot);
  }

  #keep(key: string, slot: Pick<Slot, 'bytes' | 'info' | 'packedFrom' | 'mayPack'>): void {
    const { bytes, info, packedFrom, mayPack } = slot;
    const cost = 2 * key.length + bytes.length + OVERHEAD;
    this.#slots.set(key, { bytes, info, packedFrom, mayPack, cost, used: false });
    this.#bytes += cost;
  }

  /** The oldest come first; what was used since it was last looked at, or can still be packed, goes to the end once more. */
  #shrink(): void {
    for (const [key, slot] of this.#slots) {
      if (this.#bytes <= this.#limit) return;
      this.#drop(key, slot);
      if (slot.used) this.#keep(key, slot);
      else if (slot.mayPack && slot.packedFrom === 0)
        this.#keep(key, { ...slot, bytes: packed(slot.bytes), packedFrom: slot.bytes.length });
    }
  }

  #drop(key: string, slot: Slot): void {
    this.#slots.delete(key);
    this.#bytes -= slot.cost;
  }
}

const packed = (bytes: Buffer) => ownMemory(deflateRawSync(bytes, PACKING));
