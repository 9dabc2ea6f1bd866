/** Provenance documents and attestations of packages (PEP 740): their shapes and their canonical digest. */
import { sha256Of } from '../../../lib/crypto/digest.ts';
import { DEEPEST, isTooDeep, pythonJson } from './index/python-json.ts';
import { keptPublisher, type Publisher } from './publisher.ts';

type Plain = Readonly<Record<string, unknown>>;

export interface Attestation {
  readonly version: 1;
  readonly verification_material: { readonly certificate: string; readonly transparency_entries: readonly Plain[] };
  readonly envelope: { readonly statement: string; readonly signature: string };
}

interface AttestationBundle {
  /** Who has published: a kind with further keys. */
  readonly publisher: Publisher;
  readonly attestations: readonly Attestation[];
}

export interface Provenance {
  readonly version: 1;
  readonly attestation_bundles: readonly AttestationBundle[];
}

/** A document that does not have the shape; the message tells where. */
export class InvalidProvenance extends Error {
  override readonly name = 'InvalidProvenance';
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

function need(condition: boolean, where: string, what: string): void {
  if (!condition) throw new InvalidProvenance(`${where}: ${what}`);
}

/** Checks a provenance document; what it has beyond the format is left out. Throws InvalidProvenance. */
export function checkProvenance(document: unknown): Provenance {
  need(isPlain(document), 'provenance', 'an object is expected');
  need(!isTooDeep(document), 'provenance', `it is nested more than ${DEEPEST} levels`);
  const { version, attestation_bundles: bundles } = document as Plain;
  need(version === 1 || version === undefined, 'version', 'only 1 is known');
  need(
    Array.isArray(bundles) && bundles.length > 0,
    'attestation_bundles',
    'a list with at least one bundle is expected',
  );
  const kept = (bundles as unknown[]).map((bundle, at) => checkBundle(bundle, `attestation_bundles.${at}`));
  return { version: 1, attestation_bundles: kept };
}

function checkBundle(bundle: unknown, where: string): AttestationBundle {
  need(isPlain(bundle), where, 'an object is expected');
  const { publisher, attestations } = bundle as Plain;
  need(
    isPlain(publisher) && typeof publisher.kind === 'string',
    `${where}.publisher`,
    'an object with a kind is expected',
  );
  const kept = checkAttestations(attestations, `${where}.attestations`);
  need(kept.length > 0, `${where}.attestations`, 'a list with at least one attestation is expected');
  return { publisher: keptPublisher(publisher as Publisher), attestations: kept };
}

/** Checks a list of attestations; what they have beyond the format is left out. Throws InvalidProvenance. */
export function checkAttestations(list: unknown, where = 'attestations'): readonly Attestation[] {
  need(Array.isArray(list), where, 'a list is expected');
  need(!isTooDeep(list), where, `it is nested more than ${DEEPEST} levels`);
  return (list as unknown[]).map((one, at) => checkAttestation(one, `${where}.${at}`));
}

function checkAttestation(attestation: unknown, where: string): Attestation {
  need(isPlain(attestation), where, 'an object is expected');
  const { version, verification_material: material, envelope } = attestation as Plain;
  need(version === 1, `${where}.version`, 'only 1 is known');
  need(
    isPlain(material) && isBase64(material.certificate),
    `${where}.verification_material.certificate`,
    'base64 is expected',
  );
  const entries = (material as Plain).transparency_entries;
  need(
    Array.isArray(entries) && entries.length > 0 && entries.every(isPlain),
    `${where}.verification_material.transparency_entries`,
    'a list with at least one entry is expected',
  );
  need(
    isPlain(envelope) && isBase64(envelope.statement) && isBase64(envelope.signature),
    `${where}.envelope`,
    'a statement and a signature in base64 are expected',
  );
  const { certificate, transparency_entries } = material as Attestation['verification_material'];
  const { statement, signature } = envelope as Attestation['envelope'];
  return {
    version: 1,
    verification_material: { certificate, transparency_entries },
    envelope: { statement, signature },
  };
}

const isBase64 = (value: unknown): value is string => typeof value === 'string' && BASE64.test(value);

/** SHA-256 over the document with sorted keys, as Pulp takes it. */
export function provenanceDigest(document: object): string {
  return sha256Of(pythonJson(document, true));
}
