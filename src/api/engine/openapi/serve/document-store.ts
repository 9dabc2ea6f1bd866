/** Keeps documents that were asked for, as they are sent: made once, compressed once, the least used forgotten. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface StoredText {
  readonly plain: Buffer;
  readonly compressed: Buffer;
  /** Of the plain form; the compressed form's ends in `-gzip`. */
  readonly etag: string;
}

const compress = promisify(gzip);

/** One document takes a few megabytes, and its address as the client knows it is part of the key. */
const CAPACITY = 8;

export class DocumentStore {
  readonly #texts = new Map<string, Promise<StoredText>>();

  /** The text called `key`, made when it is not there; requests at the same time share the work. */
  get(key: string, make: () => string): Promise<StoredText> {
    const text = this.#texts.get(key) ?? store(make);
    this.#texts.delete(key);
    this.#texts.set(key, text);
    if (this.#texts.size > CAPACITY) this.#texts.delete(this.#texts.keys().next().value!);
    text.catch(() => this.#texts.delete(key));
    return text;
  }
}

async function store(make: () => string): Promise<StoredText> {
  const plain = Buffer.from(make());
  const etag = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  return { plain, compressed: await compress(plain), etag };
}
