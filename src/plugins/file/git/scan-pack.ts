/** Reads through a pack once: where its objects are, and the names of those that stand there as a whole. */
import type { FileHandle } from 'node:fs/promises';
import { hashObject, type ObjectType, type PackEntry } from './pack-entry.ts';
import { PackWindow } from './pack-window.ts';
import type { ObjectFormat } from './upload-pack.ts';

const TYPES: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const OFFSET_DELTA = 6;
const NAMED_DELTA = 7;
/** What is known of objects is held in memory. */
const MOST_OBJECTS = 4_000_000;
/** Longest head of an entry: type and size, then the name of a base. */
const HEAD = 64;

export async function* scanPack(file: FileHandle, length: number, format: ObjectFormat): AsyncGenerator<PackEntry> {
  const window = new PackWindow(file, 0, length);
  const head = await window.peek(12);
  if (head.toString('latin1', 0, 4) !== 'PACK' || head.readUInt32BE(4) !== 2) throw new Error('this is no pack of git');
  const count = head.readUInt32BE(8);
  if (count > MOST_OBJECTS) {
    throw new Error(`the pack has ${count} objects: more than ${MOST_OBJECTS} are not read; name a branch or a tag`);
  }
  window.position = 12;
  for (let left = count; left > 0; left -= 1) yield await nextEntry(window, format);
  if (!window.atEnd) throw new Error('the pack has more than it says');
}

async function nextEntry(window: PackWindow, format: ObjectFormat): Promise<PackEntry> {
  const start = window.position;
  const { code, size, base, bytes } = readHead(await window.peek(HEAD), start, format);
  window.position += bytes;
  const type = TYPES[code];
  const data = window.position;
  const entry: PackEntry = { type, size, place: start, data, stored: size, ...(base !== undefined && { base }) };
  const hash = type && hashObject(format, type, size);
  const inflated = await window.inflate(size, (piece) => void hash?.update(piece));
  if (inflated !== size) throw new Error('an object of the pack is damaged');
  if (hash) entry.oid = hash.digest('hex');
  return entry;
}

interface Head {
  readonly code: number;
  readonly size: number;
  readonly base?: number | string;
  readonly bytes: number;
}

function readHead(from: Buffer, start: number, format: ObjectFormat): Head {
  let at = 0;
  let byte = from[at++] ?? 0;
  const code = (byte >> 4) & 7;
  let size = byte & 15;
  for (let factor = 16; byte & 0x80; factor *= 128) {
    if (at >= 10 || at >= from.length) throw new Error('an object of the pack has no size');
    byte = from[at++]!;
    size += (byte & 0x7f) * factor;
  }
  if (TYPES[code]) return { code, size, bytes: at };
  if (code === NAMED_DELTA) {
    const end = at + (format === 'sha1' ? 20 : 32);
    return { code, size, base: from.toString('hex', at, end), bytes: end };
  }
  if (code !== OFFSET_DELTA) throw new Error(`the pack has an object of the unknown type ${code}`);
  const { distance, next } = readDistance(from, at);
  return { code, size, base: start - distance, bytes: next };
}

/** Each further byte counts from one above what the bytes before could say. */
function readDistance(from: Buffer, start: number): { distance: number; next: number } {
  let at = start;
  let byte = from[at++] ?? 0;
  let distance = byte & 0x7f;
  while (byte & 0x80) {
    if (at - start > 8 || at >= from.length) throw new Error('a delta of the pack has no base');
    byte = from[at++]!;
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  return { distance, next: at };
}
