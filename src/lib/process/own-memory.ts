/** Bytes that are kept for long, in memory of their own. */

/**
 * Node makes small buffers as pieces of a larger one (`Buffer.poolSize`): a piece that is kept keeps all of that, ten times its size
 * and more where most of its neighbours were passing. Answers the bytes themselves where nothing else is kept alive by them.
 */
export function ownMemory(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
