/** Fetches a file for a flight from one source: small bodies whole, others into a temporary file that readers follow. */
import { decode, takingOf } from '../../download/content-coding.ts';
import { DIGEST_NAMES, type DigestName, type Digests, digestsOf } from '../../lib/crypto/digest.ts';
import { BodyMismatch } from '../../lib/http/body-mismatch.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { BodyReader, checkDigests, type Expected } from '../../storage/body.ts';
import type { HashPool } from '../../storage/hash-pool.ts';
import { receiveLarge, SLOT_BYTES } from '../../storage/receive-large.ts';
import type { TempFiles } from '../../storage/temp-files.ts';
import { type Flight, removeQuietly } from './flight.ts';
import {
  lengthOf,
  type OpenUpstream,
  resumedBody,
  type UpstreamAnswer,
  UpstreamRefused,
  type UpstreamRequest,
} from './upstream.ts';

/** What may still be on its way to the disk, and more than one byte: that is held back until the digests are right. */
const HELD_BACK = 5 * SLOT_BYTES;

interface FetchTools {
  readonly open: OpenUpstream;
  readonly hashPool: () => HashPool;
  /** Temporary files on the file system of the storage. */
  readonly spool: TempFiles;
  /** Bodies up to this size are sent only when their digest is known to be right. */
  readonly holdBytes: number;
  /** Milliseconds after which sending begins all the same, lest clients give up. */
  readonly holdTime: number;
  /** Bytes held in memory by all fetches together. */
  readonly holdTotal: number;
}

interface FetchOrder {
  readonly request: UpstreamRequest;
  readonly expected: Expected;
  /** Digests to compute; of small bodies only those expected and the sha256 unless `all` is set. */
  readonly names: readonly DigestName[];
  readonly all?: boolean;
}

/** A verified body. */
export type Fetched =
  | { readonly bytes: Buffer; readonly digests: Digests }
  | { readonly temp: TempArtifact; readonly digests: Digests };

export class FileFetcher {
  readonly #tools: FetchTools;
  #held = 0;

  constructor(tools: FetchTools) {
    this.#tools = tools;
  }

  /** Rejects when there is no right body; readers have seen nothing of it unless the flight is streaming. */
  async fetch(flight: Flight, order: FetchOrder): Promise<Fetched> {
    for (let decodes = false; ; decodes = true) {
      const answer = await this.#open(flight, order);
      const coded = { url: order.request.url, header: answer.header };
      const taking = takingOf(coded, order.expected);
      const { signal } = flight.abort;
      const pieces = resumedBody(this.#tools.open, order.request, answer, signal);
      const isDecoded = taking === 'decoded' || (taking === 'either' && decodes);
      try {
        return await this.#receive(flight, order, isDecoded ? decode(coded, pieces) : pieces);
      } catch (error) {
        const other = taking === 'either' && !decodes && error instanceof BodyMismatch && !flight.streaming;
        if (!other) throw error;
      }
    }
  }

  async #open(flight: Flight, order: FetchOrder): Promise<UpstreamAnswer> {
    const answer = await this.#tools.open(order.request, flight.abort.signal);
    if (answer.status !== 200) {
      answer.discard();
      throw new UpstreamRefused(order.request.url, answer);
    }
    flight.contentType = answer.header('content-type');
    flight.size = order.expected.size ?? lengthOf(answer);
    return answer;
  }

  async #receive(flight: Flight, order: FetchOrder, pieces: AsyncIterable<Uint8Array>): Promise<Fetched> {
    const spool = this.#tools.spool.newPath();
    let handedOver = 0;
    let spooling = false;
    const counted = async function* () {
      for await (const piece of pieces) {
        // The file is there by now: it was made before its first piece was asked for, and so much is not held in memory.
        if (spooling && handedOver > HELD_BACK) {
          await flight.follow(spool);
          flight.advance(handedOver - HELD_BACK);
        }
        handedOver += piece.byteLength;
        yield piece;
      }
    };
    const body = new BodyReader(counted(), { expected: order.expected, signal: flight.abort.signal });
    const held: Uint8Array[] = [];
    try {
      const whole = await this.#hold(flight, body, held);
      if (whole) return finishBytes(flight, order, Buffer.concat(held, body.size));
      spooling = true;
      return await this.#spool(flight, order, spool, held, body);
    } finally {
      this.#held -= held.reduce((sum, piece) => sum + piece.byteLength, 0);
      await body.close();
    }
  }

  /** Collects pieces; false when they are too many, take too long, or are known to become too many. */
  async #hold(flight: Flight, body: BodyReader, held: Uint8Array[]): Promise<boolean> {
    const { holdBytes, holdTime, holdTotal } = this.#tools;
    const until = performance.now() + holdTime;
    const fits = () => body.size <= holdBytes && this.#held <= holdTotal && performance.now() <= until;
    while ((flight.size ?? 0) <= holdBytes && fits()) {
      const piece = await body.next();
      if (!piece) return true;
      held.push(piece);
      this.#held += piece.byteLength;
    }
    return false;
  }

  async #spool(
    flight: Flight,
    order: FetchOrder,
    path: string,
    held: Uint8Array[],
    body: BodyReader,
  ): Promise<Fetched> {
    try {
      await this.#tools.spool.ensureDirectory();
      const names = new Set([...order.names, ...expectedNames(order)]);
      const digests = await receiveLarge(this.#tools.hashPool(), path, held, body, [...names]);
      checkDigests(digests, order.expected.digests);
      await flight.follow(path);
      flight.succeed(digests, body.size);
      return { temp: { path, size: body.size, digests: { ...digests, sha256: digests.sha256! } }, digests };
    } catch (error) {
      await removeQuietly(path);
      throw error;
    }
  }
}

/** Digests that are told are computed whatever artifacts may have: what is not computed is not compared. */
function expectedNames({ expected }: FetchOrder): DigestName[] {
  return DIGEST_NAMES.filter((name) => expected.digests?.[name]);
}

function finishBytes(flight: Flight, order: FetchOrder, bytes: Buffer): Fetched {
  const names = new Set<DigestName>(order.all ? order.names : ['sha256']);
  for (const name of expectedNames(order)) names.add(name);
  const digests = digestsOf(bytes, [...names]);
  checkDigests(digests, order.expected.digests);
  flight.succeed(digests, bytes.length, bytes);
  return { bytes, digests };
}
