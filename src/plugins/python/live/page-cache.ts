/** Finished pages of live indexes, kept in memory within a bound of bytes; the least used go first. */
import type { LiveAnswer } from '../../../plugin-api/index.ts';

export interface Page {
  readonly answer: LiveAnswer & { readonly body: Uint8Array };
}

interface Slot extends Page {
  readonly cost: number;
  used: boolean;
}

const OVERHEAD = 600;

export class PageCache {
  readonly #slots = new Map<string, Slot>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Page | undefined {
    const slot = this.#slots.get(key);
    if (slot) slot.used = true;
    return slot;
  }

  /** Pages that would take half of the room are not kept. */
  set(key: string, page: Page): void {
    const old = this.#slots.get(key);
    if (old) this.#drop(key, old);
    const cost = 2 * key.length + page.answer.body.length + OVERHEAD;
    if (cost > this.#limit / 2) return;
    this.#slots.set(key, { ...page, cost, used: false });
    this.#bytes += cost;
    this.#shrink();
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
