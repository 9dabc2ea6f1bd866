/** A certificate with the parts that node's own class does not tell: version, serial, extensions (RFC 5280 §4.1). */
import { X509Certificate } from 'node:crypto';
import { childrenOf, DER, type DerElement, oidOf, readDer } from '../../../lib/crypto/der.ts';

export interface Extension {
  readonly critical: boolean;
  /** Content of the OCTET STRING. */
  readonly value: Uint8Array;
}

interface BasicConstraints {
  readonly isCa: boolean;
  /** Certificate authorities that may follow below; undefined means any number. */
  readonly pathLength: number | undefined;
}

export class Certificate {
  readonly x509: X509Certificate;
  /** 1 or 3. */
  readonly version: number;
  /** Hexadecimal digits without leading zeros. */
  readonly serial: string;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;

  /** Of PEM or DER. Throws what node or the reader of DER throws. */
  constructor(source: string | Uint8Array) {
    this.x509 = new X509Certificate(source);
    const [tbs] = childrenOf(readDer(this.x509.raw));
    const parts = childrenOf(tbs!);
    const hasVersion = parts[0]!.tag === 0xa0;
    this.version = hasVersion ? childrenOf(parts[0]!)[0]!.content[0]! + 1 : 1;
    const [serial, , issuer, , subject] = hasVersion ? parts.slice(1) : parts;
    this.serial = serialText(serial!);
    this.issuer = issuer!.whole;
    this.subject = subject!.whole;
    this.extensions = extensionsOf(parts.find(({ tag }) => tag === 0xa3));
  }

  get isSelfIssued(): boolean {
    return Buffer.compare(this.issuer, this.subject) === 0;
  }

  get basicConstraints(): BasicConstraints | undefined {
    const extension = this.extensions.get('2.5.29.19');
    if (!extension) return undefined;
    const parts = childrenOf(readDer(extension.value));
    const isCa = parts.find(({ tag }) => tag === DER.boolean)?.content[0] === 0xff;
    const length = parts.find(({ tag }) => tag === DER.integer)?.content;
    return { isCa, pathLength: length && Number.parseInt(Buffer.from(length).toString('hex'), 16) };
  }
}

/** Serial numbers as they are compared. */
export function serialText({ content }: DerElement): string {
  return Buffer.from(content).toString('hex').replace(/^0+/, '') || '0';
}

function extensionsOf(wrapped: DerElement | undefined): Map<string, Extension> {
  const found = new Map<string, Extension>();
  if (!wrapped) return found;
  for (const extension of childrenOf(readDer(wrapped.content))) {
    const [oid, ...rest] = childrenOf(extension);
    const critical = rest.find(({ tag }) => tag === DER.boolean)?.content[0] === 0xff;
    found.set(oidOf(oid!), { critical, value: rest.at(-1)!.content });
  }
  return found;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The certificates of a bundle; text around the blocks is ignored. */
export function readBundle(text: string): Certificate[] {
  return (text.match(BLOCK) ?? []).map((block) => new Certificate(block));
}

/** An error of OpenSSL in the form in which its Python binding tells it: `[('PEM routines', '', 'no start line')]`. */
export function opensslText(error: unknown): string {
  const { library, reason } = error as { library?: string; reason?: string };
  return reason === undefined ? String((error as Error).message) : `[('${library ?? ''}', '', '${reason}')]`;
}
