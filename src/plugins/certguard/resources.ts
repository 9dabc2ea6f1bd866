/** The certificate guards: their fields, and how they decide. */
import { ValidationError } from '../../lib/errors.ts';
import { type Field, guardType, type RequestContext, string, type Values } from '../../plugin-api/index.ts';
import { checkEntitled, checkTrusted } from './check-certificate.ts';
import { readBundle } from './formats/certificate.ts';
import { isFileUrl, RevocationSource } from './revocation-source.ts';

const fields: Record<string, Field> = {
  ca_certificate: string({ help: 'PEM certificates of the authorities whose clients pass.', detail: true }),
  crl: string({
    help: 'Lists of revoked certificates in PEM, or the file:// URL of a file with them below an allowed import path.',
    nullable: true,
    detail: true,
    omitNull: true,
    undocumented: true,
  }),
};

function checkFields(values: Values, request: RequestContext): Values {
  if (typeof values.ca_certificate === 'string' && !isBundle(values.ca_certificate)) {
    throw ValidationError.field('ca_certificate', 'Must be PEM encoded X.509 certificate.');
  }
  if (typeof values.crl === 'string') checkLists(values.crl, request.services.settings.allowedImportPaths);
  return values;
}

function isBundle(text: string): boolean {
  try {
    return readBundle(text).length > 0;
  } catch {
    return false;
  }
}

function checkLists(source: string, allowed: readonly string[]): void {
  try {
    new RevocationSource(source, allowed).lists();
  } catch {
    const message = isFileUrl(source)
      ? 'Must name a file with PEM encoded lists of revoked certificates below an allowed import path.'
      : 'Must be PEM encoded lists of revoked certificates.';
    throw ValidationError.field('crl', message);
  }
}

export const x509Guard = guardType({
  app: 'certguard',
  name: 'X509CertGuard',
  type: 'x509',
  description: 'Lets clients pass that show a certificate of a trusted authority.',
  fields,
  validate: checkFields,
  check: checkTrusted,
});

export const rhsmGuard = guardType({
  app: 'certguard',
  name: 'RHSMCertGuard',
  type: 'rhsm',
  description: 'Lets clients pass whose entitlement certificate names the path.',
  fields,
  validate: checkFields,
  check: checkEntitled,
});
