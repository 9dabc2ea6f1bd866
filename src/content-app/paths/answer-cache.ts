/** What was found for paths, kept in memory within a bound of entries and bytes; the least used goes first. */
import type { StoredFile } from './stored-file.ts';

/** Anything a path can be that does not change while the distribution's entry stays the same. */
export type CachedAnswer =
  | { readonly kind: 'file'; readonly file: StoredFile }
  | { readonly kind: 'listing'; readonly body: Buffer }
  | { readonly kind: 'directory' }
  | { readonly kind: 'missing'; readonly reason?: string };

interface Slot {
  readonly answer: CachedAnswer;
  readonly until: number;
  cost: number;
  used: boolean;
}

/** Estimated memory of a slot beside its path and body. */
const SLOT_COST = 700;

export class AnswerCache {
  readonly #slots = new Map<string, Slot>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(limits: { maxEntries: number; maxBytes: number }) {
    this.#maxEntries = limits.maxEntries;
    this.#maxBytes = limits.maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): CachedAnswer | undefined {
    const slot = this.#slots.get(key);
    if (!slot) return undefined;
    if (slot.until < performance.now()) {
      this.delete(key);
      return undefined;
    }
    slot.used = true;
    return slot.answer;
  }

  /** `ttl` in milliseconds. */
  set(key: string, answer: CachedAnswer, ttl: number): void {
    this.delete(key);
    const slot = { answer, until: performance.now() + ttl, cost: costOf(key, answer), used: false };
    this.#slots.set(key, slot);
    this.#bytes += slot.cost;
    this.#shrink();
  }

  /** Takes account of a body that was added to a file. */
  grown(key: string): void {
    const slot = this.#slots.get(key);
    if (!slot) return;
    this.#bytes -= slot.cost;
    slot.cost = costOf(key, slot.answer);
    this.#bytes += slot.cost;
    this.#shrink();
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (!slot) return;
    this.#slots.delete(key);
    this.#bytes -= slot.cost;
  }

  clear(): void {
    this.#slots.clear();
    this.#bytes = 0;
  }

  /** Second chance: what was used since it was last looked at goes to the end once more. */
  #shrink(): void {
    for (const [key, slot] of this.#slots) {
      if (this.#slots.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return;
      this.#slots.delete(key);
      if (slot.used) {
        slot.used = false;
        this.#slots.set(key, slot);
      } else this.#bytes -= slot.cost;
    }
  }
}

function costOf(key: string, answer: CachedAnswer): number {
  const body = answer.kind === 'listing' ? answer.body : answer.kind === 'file' ? answer.file.body : undefined;
  return SLOT_COST + 2 * key.length + (body?.length ?? 0);
}
