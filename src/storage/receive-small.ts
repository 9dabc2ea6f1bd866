/** Receiving a body that is in memory: digests first, then one write, so that a wrong body never touches the disk. */
import { writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { type DigestName, type Digests, digestsOf, MultiHasher } from '../lib/crypto/digest.ts';

/** About a millisecond of work for four digests: longer ones are hashed in slices with other work in between. */
const AT_ONCE = 256 * 1024;

/** The digests of a buffer, without blocking the event loop for more than a millisecond or so at a time. */
export async function digestBuffer(body: Uint8Array, names: readonly DigestName[]): Promise<Digests> {
  if (body.length <= AT_ONCE) return digestsOf(body, names);
  const hasher = new MultiHasher(names);
  for (let at = 0; at < body.length; at += AT_ONCE) {
    hasher.update(body.subarray(at, at + AT_ONCE));
    await setImmediate();
  }
  return hasher.digests();
}

export function joinPieces(pieces: readonly Uint8Array[], size: number): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size);
}

export async function writeNewFile(path: string, body: Uint8Array): Promise<void> {
  await writeFile(path, body, { flag: 'wx' });
}
