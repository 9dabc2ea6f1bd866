/** Pieces of text or bytes as chunks worth writing. */

import type { FileSource } from '../../plugin-api/contracts/publish.ts';

const CHUNK = 64 * 1024;

/** Joins short texts; a single string is one piece, not its characters. */
export async function* chunksOf(source: FileSource): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const piece of typeof source === 'string' ? [source] : source) {
    if (typeof piece === 'string') {
      text += piece;
      if (text.length < CHUNK) continue;
    }
    if (text !== '') yield Buffer.from(text);
    text = '';
    if (typeof piece !== 'string') yield piece;
  }
  if (text !== '') yield Buffer.from(text);
}
