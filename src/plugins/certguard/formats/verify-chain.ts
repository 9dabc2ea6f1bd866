/** Verifies a certificate against trusted ones (RFC 5280 §6 without policies and name constraints; messages as OpenSSL's). */
import type { Certificate } from './certificate.ts';

/** What a chain has in it, the client's certificate first, or why there is none. */
type Verified = { readonly chain: readonly Certificate[] } | { readonly refusal: string };

const refuse = (refusal: string): Verified => ({ refusal });

/** Longest chain that is built. */
const LONGEST = 10;

/** Extensions whose meaning is respected here; another that is critical makes a certificate unusable. */
const UNDERSTOOD = new Set(['2.5.29.14', '2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.32', '2.5.29.35', '2.5.29.37']);

/** The chain must end in a trusted certificate that has signed itself. `now` in milliseconds since 1970. */
export function verifyChain(leaf: Certificate, trusted: readonly Certificate[], now: number): Verified {
  const chain = [leaf];
  for (let top = leaf; !isRoot(top); top = chain.at(-1)!) {
    const issuer = chain.length < LONGEST ? issuerOf(top, trusted, chain, now) : undefined;
    if (!issuer) return refuse(missingIssuer(chain, trusted));
    chain.push(issuer);
  }
  const root = chain.at(-1)!;
  if (!trusted.some((one) => one.x509.fingerprint256 === root.x509.fingerprint256)) {
    return refuse(chain.length === 1 ? 'self-signed certificate' : 'self-signed certificate in certificate chain');
  }
  const problem = problemOf(chain, now);
  return problem === undefined ? { chain } : refuse(problem);
}

function isRoot(certificate: Certificate): boolean {
  return certificate.isSelfIssued && certificate.x509.verify(certificate.x509.publicKey);
}

/** Among several of the same name one that has signed it, best one that is valid now. */
function issuerOf(
  certificate: Certificate,
  trusted: readonly Certificate[],
  chain: readonly Certificate[],
  now: number,
): Certificate | undefined {
  const able = trusted.filter(
    (one) =>
      !chain.includes(one) && certificate.x509.checkIssued(one.x509) && certificate.x509.verify(one.x509.publicKey),
  );
  return able.find((one) => timeProblem(one, now) === undefined) ?? able[0];
}

function missingIssuer(chain: readonly Certificate[], trusted: readonly Certificate[]): string {
  const top = chain.at(-1)!;
  if (chain.length > 1) return 'unable to get issuer certificate';
  const named = trusted.some((one) => top.x509.checkIssued(one.x509));
  return named ? 'certificate signature failure' : "Client certificate is not signed by the stored 'ca_certificate'.";
}

/** What is wrong with a chain whose signatures are right. */
function problemOf(chain: readonly Certificate[], now: number): string | undefined {
  for (const [depth, certificate] of chain.entries()) {
    const problem = (depth > 0 ? authorityProblem(chain, depth) : undefined) ?? criticalProblem(certificate);
    if (problem !== undefined) return problem;
  }
  for (const certificate of chain.toReversed()) {
    const problem = timeProblem(certificate, now);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Certificates of version 1 have no extensions: as roots they are trusted as they are. */
function authorityProblem(chain: readonly Certificate[], depth: number): string | undefined {
  const certificate = chain[depth]!;
  const constraints = certificate.basicConstraints;
  const oldRoot = certificate.version === 1 && depth === chain.length - 1;
  if (!oldRoot && !constraints?.isCa) return 'invalid CA certificate';
  const between = chain.slice(1, depth).filter((one) => !one.isSelfIssued).length;
  const { pathLength } = constraints ?? {};
  return pathLength !== undefined && between > pathLength ? 'path length constraint exceeded' : undefined;
}

function criticalProblem({ extensions }: Certificate): string | undefined {
  const unknown = [...extensions].some(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid));
  return unknown ? 'unhandled critical extension' : undefined;
}

function timeProblem({ x509 }: Certificate, now: number): string | undefined {
  if (now < x509.validFromDate.getTime()) return 'certificate is not yet valid';
  if (now > x509.validToDate.getTime()) return 'Client certificate is expired.';
  return undefined;
}
