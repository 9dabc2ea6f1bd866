/** Checksums of artifacts: their names, lengths, and computing several of them in one pass. */
import { createHash, type Hash, hash } from 'node:crypto';

export const DIGEST_NAMES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export type DigestName = (typeof DIGEST_NAMES)[number];
/** Lower-case hex by digest name; only the digests that were asked for. */
export type Digests = Partial<Record<DigestName, string>>;

/** Number of hex digits of each digest. */
export const DIGEST_HEX_LENGTH: Readonly<Record<DigestName, number>> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

const HEX_DIGITS = /^[0-9a-f]+$/;

export function isDigestName(name: string): name is DigestName {
  return (DIGEST_NAMES as readonly string[]).includes(name);
}

/** True when `hex` is a digest of that kind in lower case. */
export function isDigest(name: DigestName, hex: string): boolean {
  return hex.length === DIGEST_HEX_LENGTH[name] && HEX_DIGITS.test(hex);
}

/** The digest in lower case, or undefined when length or digits are wrong. */
export function normalizeDigest(name: DigestName, hex: string): string | undefined {
  const lower = hex.trim().toLowerCase();
  return isDigest(name, lower) ? lower : undefined;
}

/** Digests of a whole body in memory; quicker than a stream hasher below some 100 KiB. */
export function digestsOf(data: Uint8Array | string, names: readonly DigestName[]): Digests {
  const digests: Digests = {};
  for (const name of names) digests[name] = hash(name, data, 'hex');
  return digests;
}

/** The sha256 of a whole body in memory. */
export function sha256Of(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}

/** Several digests over the pieces of one body. */
export class MultiHasher {
  readonly #hashes: [DigestName, Hash][];
  constructor(names: readonly DigestName[]) {
    this.#hashes = names.map((name) => [name, createHash(name)]);
  }
  update(piece: Uint8Array): void {
    for (const [, one] of this.#hashes) one.update(piece);
  }
  /** Ends the computation; may be called once. */
  digests(): Digests {
    const digests: Digests = {};
    for (const [name, one] of this.#hashes) digests[name] = one.digest('hex');
    return digests;
  }
}

/** The first digest of `expected` that differs from `actual`, or undefined; digests that were not computed are not compared. */
export function mismatchedDigest(actual: Digests, expected: Digests): DigestName | undefined {
  return DIGEST_NAMES.find((name) => {
    const wanted = expected[name];
    return wanted !== undefined && actual[name] !== undefined && actual[name] !== wanted.toLowerCase();
  });
}
