/** Finished pages of live indexes, kept in memory within a bound of bytes; the least used go first. */
import type { LiveAnswer } from '../../../plugin-api/index.ts';

export interface Page {
  readonly answer: LiveAnswer & { readonly body: Uint8Array };
  readonly etag: string;
}

const OVERHEAD = 600;

export class PageCache {
  readonly #pages = new Map<string, Page>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Page | undefined {
    const page = this.#pages.get(key);
    if (!page) return undefined;
    this.#pages.delete(key);
    this.#pages.set(key, page);
    return page;
  }

  set(key: string, page: Page): void {
    const old = this.#pages.get(key);
    if (old) this.#bytes -= costOf(key, old);
    this.#pages.delete(key);
    const cost = costOf(key, page);
    if (cost > this.#limit / 2) return;
    this.#pages.set(key, page);
    this.#bytes += cost;
    for (const [oldest, one] of this.#pages) {
      if (this.#bytes <= this.#limit) return;
      this.#pages.delete(oldest);
      this.#bytes -= costOf(oldest, one);
    }
  }
}

const costOf = (key: string, page: Page) => 2 * key.length + page.answer.body.length + OVERHEAD;
