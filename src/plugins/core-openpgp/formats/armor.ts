/** The ASCII form of OpenPGP keys (RFC 9580 §6): one block read, binary accepted as it is, blocks written. */
import { KeyError } from './packets.ts';

const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\r?\n([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g;

/** The bytes of an uploaded key. */
export function unarmor(bytes: Buffer): Buffer {
  if (bytes.length > 0 && bytes[0]! & 0x80) return bytes;
  const blocks = [...bytes.toString('latin1').matchAll(BLOCK)];
  if (blocks.length === 0) throw new KeyError('This is not an OpenPGP public key.');
  if (blocks.length > 1) throw new KeyError('There are several keys: send one at a time.');
  const lines = blocks[0]![1]!.split(/\r?\n/).map((line) => line.trim());
  const start = lines.findIndex((line) => !/^[A-Za-z][A-Za-z-]*:/.test(line));
  const data = lines.slice(start).filter((line) => line !== '' && !/^=[A-Za-z0-9+/]{4}$/.test(line));
  const text = data.join('');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new KeyError('The key is not well formed.');
  return Buffer.from(text, 'base64');
}

/** With a checksum, which some readers of keys still want. */
export function armor(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  const sum = Buffer.alloc(3);
  sum.writeUIntBE(crc24(bytes), 0, 3);
  return `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${lines.join('\n')}\n=${sum.toString('base64')}\n-----END PGP PUBLIC KEY BLOCK-----\n`;
}

function crc24(bytes: Buffer): number {
  let sum = 0xb704ce;
  for (const byte of bytes) {
    sum ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      sum <<= 1;
      if (sum & 0x1000000) sum ^= 0x1864cfb;
    }
  }
  return sum & 0xffffff;
}
