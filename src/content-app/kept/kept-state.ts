/**
 * The kept answers of a distribution in one state. They outlive the versions that do not change them: a new package costs the answers
 * about it and the lists, and no other. Whoever finds the state replaced by a newer one keeps nothing any more.
 */
import { CODINGS, type Coder, type Coding, encode, etagOf, KeptBody } from '../../lib/http/exchange/kept-body.ts';
import type { AnswerKey, DistributionState } from '../../plugin-api/contracts/kept.ts';
import type { Version } from '../../plugin-api/contracts/version.ts';
import type { AnswerStore, KeptInfo, StoredAnswer } from './answer-store.ts';

/** An answer as it was made. */
export interface MadeAnswer extends Omit<KeptInfo, 'etag'> {
  readonly bytes: Buffer;
}

/** An answer as it is sent. */
export interface FoundAnswer {
  readonly info: KeptInfo;
  readonly body: KeptBody;
}

let made = 0;
/** Clients choose the host in their URLs: with more variants than these all are forgotten. */
const MOST_VARIANTS = 100;

/** What states of one distribution share as long as one follows from the other. */
interface Line {
  id: number;
  /** The variants there have been, to find answers about a subject by. */
  readonly variants: Set<string>;
}

export class KeptState implements DistributionState, Coder {
  readonly version: Version | null;
  /** Identity of all that answers depend on beside the version. */
  readonly frame: string;
  former: DistributionState['former'];
  readonly #store: AnswerStore;
  readonly #line: Line;
  readonly #making = new Map<string, Promise<StoredAnswer | undefined>>();
  #isReplaced = false;

  constructor(store: AnswerStore, version: Version | null, frame: string, from?: KeptState) {
    this.#store = store;
    this.version = version;
    this.frame = frame;
    this.#line = from ? from.#line : { id: ++made, variants: new Set() };
  }

  /** The state after a version that changes only the answers about these subjects, and those about everything. */
  next(version: Version | null, changed: readonly string[]): KeptState {
    const next = new KeptState(this.#store, version, this.frame, this);
    this.#isReplaced = true;
    // Nobody asks how this state came about any more; what is kept by states would else never end.
    this.former = undefined;
    next.former = { state: this, changed };
    const subjects = changed.length > 0 ? ['', ...changed] : [];
    for (const variant of this.#line.variants)
      for (const subject of subjects) this.#drop(this.#key({ subject, variant }));
    return next;
  }

  answer(
    key: AnswerKey,
    make: () => Promise<string | Uint8Array | undefined>,
  ): KeptBody | Promise<KeptBody | undefined> {
    const text = this.#key(key);
    const stored = this.#store.get(text);
    if (stored) return this.#bodyOf(text, stored, true);
    return this.make(key, async () => told(await make())).then((made) => made?.body);
  }

  /** An answer with what is told of it; undefined where it is not kept. */
  find(key: AnswerKey): FoundAnswer | undefined {
    const text = this.#key(key);
    const stored = this.#store.get(text);
    return stored && { info: stored.info, body: this.#bodyOf(text, stored, true) };
  }

  /** Makes an answer that is not kept, once for all who wait for it, and keeps it unless a newer state has come meanwhile. */
  async make(key: AnswerKey, make: () => Promise<MadeAnswer | undefined>): Promise<FoundAnswer | undefined> {
    const text = this.#key(key);
    let making = this.#making.get(text);
    if (!making) {
      making = this.#makeAndKeep(text, key.variant, make).finally(() => this.#making.delete(text));
      this.#making.set(text, making);
    }
    const stored = await making;
    return stored && { info: stored.info, body: this.#bodyOf(text, stored, false) };
  }

  async #makeAndKeep(text: string, variant: string, make: () => Promise<MadeAnswer | undefined>) {
    const made = await make();
    if (!made) return undefined;
    const { bytes, ...told } = made;
    const info: KeptInfo = { ...told, etag: etagOf(bytes) };
    if (!this.#isReplaced) {
      this.#noteVariant(variant);
      this.#store.set(text, bytes, info);
    }
    return { bytes, info };
  }

  #noteVariant(variant: string): void {
    const line = this.#line;
    if (line.variants.size >= MOST_VARIANTS && !line.variants.has(variant)) {
      line.id = ++made;
      line.variants.clear();
    }
    line.variants.add(variant);
  }

  #bodyOf(text: string, { bytes, info }: StoredAnswer, isHit: boolean): KeptBody {
    return new KeptBody(bytes, info.etag, isHit, text, this);
  }

  coded({ key, bytes, etag }: KeptBody, coding: Coding): Buffer | Promise<Buffer> {
    const known = this.#store.get(codedKey(key, coding));
    if (known?.info.etag === etag) return known.bytes;
    return encode(bytes, coding).then((coded) => {
      if (!this.#isReplaced) this.#store.set(codedKey(key, coding), coded, { etag }, false);
      return coded;
    });
  }

  #drop(text: string): void {
    this.#store.delete(text);
    for (const coding of CODINGS) this.#store.delete(codedKey(text, coding));
  }

  #key({ subject, variant }: AnswerKey): string {
    return `${this.#line.id} ${variant} ${subject}`;
  }
}

const codedKey = (text: string, coding: Coding) => `${coding} ${text}`;

function told(answer: string | Uint8Array | undefined): MadeAnswer | undefined {
  return answer === undefined ? undefined : { bytes: bufferOf(answer) };
}

/** Without a copy where it is one of bytes. */
export function bufferOf(answer: string | Uint8Array): Buffer {
  if (typeof answer === 'string') return Buffer.from(answer);
  return Buffer.isBuffer(answer) ? answer : Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
}
