/** Lists of revoked certificates (RFC 5280 §5): reading them, and whose they are. */
import { constants, type KeyObject, verify } from 'node:crypto';
import { childrenOf, DER, type DerElement, DerError, oidOf, readDer, timeOf } from '../../../lib/crypto/der.ts';
import { type Certificate, serialText } from './certificate.ts';

export interface RevocationList {
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** Serials as Certificate has them. */
  readonly serials: ReadonlySet<string>;
  /** Whether the authority has signed it. */
  isSignedBy(authority: Certificate): boolean;
}

const BLOCK = /-----BEGIN X509 CRL-----([\s\S]*?)-----END X509 CRL-----/g;

/** The lists of a PEM bundle. Throws DerError for what is none. */
export function readRevocationLists(text: string): RevocationList[] {
  return [...text.matchAll(BLOCK)].map((block) => readList(Buffer.from(block[1]!, 'base64')));
}

/** Digests by the OID of the signature algorithm; null where the key says everything. */
const ALGORITHMS: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null,
};
const PSS = '1.2.840.113549.1.1.10';

function readList(bytes: Uint8Array): RevocationList {
  const [tbs, algorithm, signature] = childrenOf(readDer(bytes));
  if (!tbs || !algorithm || signature?.tag !== DER.bitString) throw new DerError('This is no revocation list.');
  const parts = childrenOf(tbs).filter((part, at) => !(at === 0 && part.tag === DER.integer));
  const [, issuer, thisUpdate, ...rest] = parts;
  if (!issuer || !thisUpdate) throw new DerError('A revocation list has no issuer or time.');
  const next = rest.find(isTime);
  const revoked = rest.find(({ tag }) => tag === DER.sequence);
  return {
    issuer: issuer.whole,
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: next && timeOf(next),
    serials: new Set((revoked ? childrenOf(revoked) : []).map((entry) => serialText(childrenOf(entry)[0]!))),
    // the first byte of a bit string counts unused bits
    isSignedBy: ({ x509 }) => isSigned(tbs.whole, algorithm, signature.content.subarray(1), x509.publicKey),
  };
}

const isTime = ({ tag }: DerElement) => tag === DER.utcTime || tag === DER.generalizedTime;

function isSigned(data: Uint8Array, algorithm: DerElement, signature: Uint8Array, key: KeyObject): boolean {
  const oid = oidOf(childrenOf(algorithm)[0]!);
  if (oid === PSS) return isPssSigned(data, signature, key);
  const digest = ALGORITHMS[oid];
  return digest !== undefined && verify(digest, data, key, signature);
}

function isPssSigned(data: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return ['sha256', 'sha384', 'sha512'].some((digest) => verify(digest, data, options, signature));
}
