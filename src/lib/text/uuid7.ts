/** Time-ordered identifiers (UUID version 7, RFC 9562), strictly growing within a process. */
import { randomFillSync } from 'node:crypto';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const POOL_BYTES = 8192;
/** Random bytes one identifier needs: 4 for a new counter, 6 for the tail. */
const BYTES_PER_ID = 10;
/** 26 bits of counter: more than any process makes in a millisecond; the time moves on when they run out. */
const COUNTER_LIMIT = 2 ** 26;

const pool = Buffer.allocUnsafe(POOL_BYTES);
let used = POOL_BYTES;
let lastTime = 0;
let counter = 0;
let timePart = '';

function setTime(milliseconds: number): void {
  lastTime = milliseconds;
  const hex = milliseconds.toString(16).padStart(12, '0');
  timePart = `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

function nextCounter(now: number): void {
  if (now > lastTime) {
    setTime(now);
    counter = pool.readUInt32BE(used) >>> 7; // 25 bits: half of the range is left to count in
  } else if (++counter >= COUNTER_LIMIT) {
    setTime(lastTime + 1);
    counter = 0;
  }
}

function make(now: number): string {
  if (used + BYTES_PER_ID > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  nextCounter(now);
  const at = used + 4;
  used += BYTES_PER_ID;
  const high = (counter >>> 14) & 0xfff;
  const low = counter & 0x3fff;
  return `${timePart}7${(high >>> 8).toString(16)}${HEX[high & 0xff]}-${HEX[0x80 | (low >>> 8)]}${HEX[low & 0xff]}-${
    HEX[pool[at]!]! +
    HEX[pool[at + 1]!] +
    HEX[pool[at + 2]!] +
    HEX[pool[at + 3]!] +
    HEX[pool[at + 4]!] +
    HEX[pool[at + 5]!]
  }`;
}

/** A new identifier, greater (as text and as bytes) than every one made before in this process. */
export function uuid7(): string {
  return make(Date.now());
}

/** `count` identifiers in growing order; the clock is read once. */
export function uuid7Batch(count: number): string[] {
  const now = Date.now();
  const ids = new Array<string>(count);
  for (let index = 0; index < count; index++) ids[index] = make(now);
  return ids;
}
