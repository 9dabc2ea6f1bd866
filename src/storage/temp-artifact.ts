/** A body on its way in: received into a temporary file, not yet kept. */
import type { DigestName, Digests } from '../lib/crypto/digest.ts';
import type { Expected } from './body.ts';

export interface ReceiveOptions {
  /** Digests to compute; sha256 always is. */
  digests: readonly DigestName[];
  /** Digests expected here are computed too. */
  expected?: Expected | undefined;
  maxSize?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** A received body: must be kept or discarded. */
export interface TempArtifact {
  readonly path: string;
  readonly size: number;
  readonly digests: Digests & { sha256: string };
}
