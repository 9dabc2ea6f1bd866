/** Applies git's deltas: copies from a base and literal bytes (gitformat-pack). */

/** The object that a delta makes of its base. Throws for a delta that does not fit. */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const from = sizeAt(delta, 0);
  const to = sizeAt(delta, from.next);
  if (from.size !== base.length) throw new Error('a delta does not belong to its base');
  const result = Buffer.allocUnsafe(to.size);
  let filled = 0;
  for (let at = to.next; at < delta.length; ) {
    const step = instructionAt(delta, at);
    const source = step.copies ? base : delta;
    const end = step.from + step.size;
    if (end > source.length || filled + step.size > to.size) throw new Error('a delta leads out of its objects');
    source.copy(result, filled, step.from, end);
    filled += step.size;
    at = step.next;
  }
  if (filled !== to.size) throw new Error('a delta is not complete');
  return result;
}

/** Size of the object a delta makes, from the first bytes of the delta. */
export function resultSize(delta: Buffer): number {
  return sizeAt(delta, sizeAt(delta, 0).next).size;
}

function sizeAt(bytes: Buffer, start: number): { size: number; next: number } {
  let size = 0;
  for (let at = start, factor = 1; at < bytes.length && factor <= 2 ** 49; at += 1, factor *= 128) {
    size += (bytes[at]! & 0x7f) * factor;
    if (bytes[at]! < 0x80) return { size, next: at + 1 };
  }
  throw new Error('a delta is not complete');
}

interface Step {
  readonly copies: boolean;
  readonly from: number;
  readonly size: number;
  readonly next: number;
}

function instructionAt(delta: Buffer, start: number): Step {
  const code = delta[start]!;
  if (code === 0) throw new Error('a delta has an instruction that is not known');
  if (code < 0x80) return { copies: false, from: start + 1, size: code, next: start + 1 + code };
  let next = start + 1;
  const number = (firstBit: number, bytes: number) => {
    let value = 0;
    for (let index = 0; index < bytes; index += 1) {
      if (code & (firstBit << index)) value += (delta[next++] ?? 0) * 2 ** (8 * index);
    }
    return value;
  };
  const from = number(0x01, 4);
  const size = number(0x10, 3) || 0x10000;
  return { copies: true, from, size, next };
}
