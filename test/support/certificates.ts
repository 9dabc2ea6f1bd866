/** Makes certificates and lists of revoked ones for tests, with node's own cryptography. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Elements of DER from their parts. */
export function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
export const utf8 = (text: string) => der(0x0c, Buffer.from(text));
export const octets = (bytes: Uint8Array) => der(0x04, bytes);

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 127];
    for (let high = arc >> 7; high > 0; high >>= 7) digits.unshift((high & 127) | 128);
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
}

const integer = (hex: string) => der(0x02, Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex'));
const time = (date: Date) => der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));
const name = (common: string) => sequence(der(0x31, sequence(oid('2.5.4.3'), utf8(common))));
const bits = (bytes: Uint8Array) => der(0x03, Buffer.from([0]), bytes);
const ALGORITHM = sequence(oid('1.2.840.10045.4.3.2'));

function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, ALGORITHM, bits(sign('sha256', body, key)));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

export interface MadeCertificate {
  readonly name: string;
  readonly serial: string;
  readonly key: KeyObject;
  readonly pem: string;
}

export interface CertificateOptions {
  /** Signs itself without one. */
  readonly issuer?: MadeCertificate;
  /** An authority; a number bounds those below it. */
  readonly authority?: boolean | number;
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
  /** DER inside the octet strings of further extensions. */
  readonly extensions?: Readonly<Record<string, Uint8Array>>;
  readonly critical?: string;
  readonly version1?: boolean;
}

const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY);
let serials = 0x1000;

export function makeCertificate(common: string, options: CertificateOptions = {}): MadeCertificate {
  const { issuer, authority, from = -1, to = 1, extensions = {}, critical, version1 = false } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serial = (++serials).toString(16);
  const length = typeof authority === 'number' ? [integer(authority.toString(16))] : [];
  const all = [
    ...(authority === undefined
      ? []
      : [
          sequence(
            oid('2.5.29.19'),
            der(0x01, Buffer.from([255])),
            octets(sequence(der(0x01, Buffer.from([255])), ...length)),
          ),
        ]),
    ...Object.entries(extensions).map(([id, value]) => sequence(oid(id), octets(value))),
    ...(critical === undefined ? [] : [sequence(oid(critical), der(0x01, Buffer.from([255])), octets(sequence()))]),
  ];
  const body = sequence(
    ...(version1 ? [] : [der(0xa0, integer('02'))]),
    integer(serial),
    ALGORITHM,
    name(issuer?.name ?? common),
    sequence(time(inDays(from)), time(inDays(to))),
    name(common),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(version1 ? [] : [der(0xa3, sequence(...all))]),
  );
  const text = pem('CERTIFICATE', signed(body, issuer?.key ?? privateKey));
  return { name: common, serial, key: privateKey, pem: text };
}

/** A list of an authority that names certificates as revoked. */
export function makeRevocationList(
  authority: MadeCertificate,
  revoked: readonly MadeCertificate[],
  options: { readonly to?: number; readonly key?: KeyObject } = {},
): string {
  const entries = revoked.map((one) => sequence(integer(one.serial), time(inDays(-1))));
  const body = sequence(
    integer('01'),
    ALGORITHM,
    name(authority.name),
    time(inDays(-1)),
    time(inDays(options.to ?? 1)),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
  );
  return pem('X509 CRL', signed(body, options.key ?? authority.key));
}
