/** Makes a provenance unit of an uploaded document about a package that is here. */
import { readFile } from 'node:fs/promises';
import { ValidationError } from '../../../lib/errors.ts';
import { type DeclaredContent, sql, type UploadInput } from '../../../plugin-api/index.ts';
import { checkProvenance, InvalidProvenance, type Provenance } from '../formats/provenance.ts';
import { declareProvenance } from './attestations.ts';
import { AttestationRefused, type AttestedFile, verifyAttestation } from './verify-attestation.ts';

const LARGEST = 16 * 1024 * 1024;

/** Throws ValidationError for a document without the right shape, or, where it is to be verified, with wrong signatures. */
export async function readProvenanceUpload(input: UploadInput): Promise<DeclaredContent> {
  const file = await attestedFile(input);
  const document = await readDocument(input);
  if (input.values.verify !== false) verifyProvenance(document, file);
  return declareProvenance(document, file.sha256);
}

async function readDocument({ file, size }: UploadInput): Promise<Provenance> {
  try {
    if (size > LARGEST) throw new InvalidProvenance(`provenance: it is larger than ${LARGEST} bytes`);
    return checkProvenance(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (!(error instanceof InvalidProvenance || error instanceof SyntaxError)) throw error;
    throw ValidationError.cross(`The uploaded provenance is not valid: ${error.message}`);
  }
}

/** Throws ValidationError for the first attestation that is refused. */
function verifyProvenance(document: Provenance, file: AttestedFile): void {
  try {
    for (const bundle of document.attestation_bundles)
      for (const one of bundle.attestations) verifyAttestation(one, file, bundle.publisher);
  } catch (error) {
    if (!(error instanceof AttestationRefused)) throw error;
    throw ValidationError.cross(`Provenance verification failed: ${error.message}`);
  }
}

async function attestedFile({ values, services, domain }: UploadInput): Promise<AttestedFile> {
  const found = await services.db.row<AttestedFile>(sql`select p.filename, p.sha256 from python_package p
    join content c on c.id = p.content_id where c.pulp_id = ${idOf(values.package)} and c.domain_id = ${domain.id}`);
  if (!found) throw ValidationError.field('package', 'Invalid hyperlink - Object does not exist.');
  return found;
}

/** References arrive resolved, and as plain ids once they have travelled in a task. */
function idOf(reference: unknown): string {
  return typeof reference === 'object' && reference !== null
    ? String((reference as { id: unknown }).id)
    : String(reference);
}
