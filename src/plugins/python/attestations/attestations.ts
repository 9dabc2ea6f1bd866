/** Attestations sent along with a package become its provenance, published by who has sent them. */
import { ValidationError } from '../../../lib/errors.ts';
import type { DeclaredContent, UploadInput } from '../../../plugin-api/index.ts';
import {
  type Attestation,
  checkAttestations,
  InvalidProvenance,
  type Provenance,
  provenanceDigest,
} from '../formats/provenance.ts';
import { packageProvenance } from '../rest/content.ts';
import { AttestationRefused, type AttestedFile, verifyAttestation } from './verify-attestation.ts';

/** Reads a list of attestations, which may come as JSON text. Throws ValidationError. */
export function readAttestations(value: unknown): readonly Attestation[] {
  try {
    return checkAttestations(typeof value === 'string' ? JSON.parse(value) : value);
  } catch (error) {
    if (!(error instanceof InvalidProvenance || error instanceof SyntaxError)) throw error;
    throw ValidationError.field('attestations', `Invalid attestations: ${error.message}`);
  }
}

/** The provenance unit of attestations in an upload; none where there are none. */
export async function attestationsCompanion(input: UploadInput, file: AttestedFile): Promise<DeclaredContent[]> {
  const { attestations: value } = input.values;
  if (value === undefined || value === null || value === '') return [];
  const attestations = readAttestations(value);
  if (attestations.length === 0) return [];
  try {
    for (const one of attestations) verifyAttestation(one, file);
  } catch (error) {
    if (!(error instanceof AttestationRefused)) throw error;
    throw ValidationError.field('attestations', `Attestations failed verification: ${error.message}`);
  }
  const publisher = { kind: 'Pulp User', prn: `prn:auth.user:${input.userId}` };
  return [declareProvenance({ version: 1, attestation_bundles: [{ publisher, attestations }] }, file.sha256)];
}

export function declareProvenance(document: Provenance, packageSha256: string): DeclaredContent {
  const values = { package_sha256: packageSha256, sha256: provenanceDigest(document), provenance: document };
  return { type: packageProvenance, values, artifacts: [] };
}
