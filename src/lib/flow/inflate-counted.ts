/** Inflates zlib data that something else follows, and tells where that begins. */
import { inflateSync } from 'node:zlib';

// The type declarations of Node.js do not know what the option `info` makes of the result.
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * The inflated bytes, and how many bytes of the input they took. Throws an error with the code ERR_BUFFER_TOO_LARGE beyond `most` bytes,
 * Z_BUF_ERROR when the input ends too early, Z_DATA_ERROR for what is no such data.
 */
export function inflateCounted(bytes: Uint8Array, most: number): { readonly bytes: Buffer; readonly consumed: number } {
  const { buffer, engine } = inflateSync(bytes, { info: true, maxOutputLength: most }) as unknown as Inflated;
  return { bytes: buffer, consumed: engine.bytesWritten };
}
