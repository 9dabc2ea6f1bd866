/** Decides for both guards of this type: is the client's certificate trusted, valid, not revoked, and does it open the path. */
import type { Guard, GuardedRequest, GuardVerdict, Services } from '../../plugin-api/index.ts';
import { revocationRefusal } from './check-revoked.ts';
import { clientCertificate } from './client-certificate.ts';
import { Certificate, opensslText, readBundle } from './formats/certificate.ts';
import { entitlementOf } from './formats/entitlement.ts';
import type { RevocationList } from './formats/revocation-list.ts';
import { verifyChain } from './formats/verify-chain.ts';
import { RevocationSource } from './revocation-source.ts';

const NOT_SENT = 'A client certificate was not received via the `X-CLIENT-CERT` header.';
const OTHER_PATH = 'Requested path is not a subpath of a path in the client certificate.';
const UNREADABLE = 'The list of revoked certificates cannot be read.';

interface Prepared {
  readonly trusted: readonly Certificate[];
  readonly revoked: RevocationSource | undefined;
}

/** The fields of a guard are one object until the guard changes. */
const prepared = new WeakMap<object, Prepared>();

function prepare({ settings }: Services, { details }: Guard): Prepared {
  const known = prepared.get(details);
  if (known) return known;
  const { ca_certificate, crl } = details;
  const made = {
    trusted: readBundle(String(ca_certificate)),
    revoked: typeof crl === 'string' ? new RevocationSource(crl, settings.allowedImportPaths) : undefined,
  };
  prepared.set(details, made);
  return made;
}

function checkTrust(services: Services, guard: Guard, certificate: Certificate): GuardVerdict {
  const { trusted, revoked } = prepare(services, guard);
  const now = Date.now();
  const verified = verifyChain(certificate, trusted, now);
  if ('refusal' in verified) return verified.refusal;
  if (!revoked) return undefined;
  const lists = listsOf(services, guard, revoked);
  if (!lists) return UNREADABLE;
  return revocationRefusal(verified.chain, lists, now, { logger: services.logger, guard: guard.pulpId });
}

/** Undefined when the lists cannot be read: then nobody passes. */
function listsOf({ logger }: Services, guard: Guard, revoked: RevocationSource): readonly RevocationList[] | undefined {
  try {
    return revoked.lists();
  } catch (error) {
    logger.error(
      { err: error, guard: guard.pulpId },
      'A certificate guard refuses everybody: its list of revoked certificates cannot be read.',
    );
    return undefined;
  }
}

function checkRequest(services: Services, guard: Guard, request: GuardedRequest): Certificate | string {
  const pem = clientCertificate(request);
  if (pem === undefined) return NOT_SENT;
  try {
    const certificate = new Certificate(pem);
    return checkTrust(services, guard, certificate) ?? certificate;
  } catch (error) {
    return opensslText(error);
  }
}

/** Lets those pass whose certificate is trusted. */
export function checkTrusted(services: Services, guard: Guard, request: GuardedRequest): GuardVerdict {
  const checked = checkRequest(services, guard, request);
  return typeof checked === 'string' ? checked : undefined;
}

/** Lets those pass whose certificate is trusted and opens the path. */
export function checkEntitled(services: Services, guard: Guard, request: GuardedRequest): GuardVerdict {
  const checked = checkRequest(services, guard, request);
  if (typeof checked === 'string') return checked;
  return opens(checked, request.path) ? undefined : OTHER_PATH;
}

/** A certificate without a readable entitlement opens nothing. */
function opens(certificate: Certificate, path: string): boolean {
  try {
    return entitlementOf(certificate)(path.replace(/\/+/g, '/').replace(/^\/|\/$/g, ''));
  } catch {
    return false;
  }
}
