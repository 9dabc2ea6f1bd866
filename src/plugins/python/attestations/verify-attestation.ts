/** Checks attestations of packages offline: certificate, transparency log, signature, and that they speak of the file (PEP 740). */
import { readFileSync } from 'node:fs';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { type Signer, toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { messageOf } from '../../../lib/errors.ts';
import type { Attestation } from '../formats/provenance.ts';
import type { Publisher } from '../formats/publisher.ts';
import { publisherMismatch } from './trusted-publisher.ts';

export interface AttestedFile {
  readonly filename: string;
  readonly sha256: string;
}

/** What is wrong with an attestation. */
export class AttestationRefused extends Error {
  override readonly name = 'AttestationRefused';
}

const PREDICATES = ['https://docs.pypi.org/attestations/publish/v1', 'https://slsa.dev/provenance/v1'];
const verifiers = new Map<string, Verifier>();

/** Trust roots are read when they are first needed. */
function verifierFor(root: 'production' | 'staging'): Verifier {
  let verifier = verifiers.get(root);
  if (!verifier) {
    const text = readFileSync(new URL(`./trust/${root}.json`, import.meta.url), 'utf8');
    verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(text))), {
      ctlogThreshold: 1,
      tlogThreshold: 1,
    });
    verifiers.set(root, verifier);
  }
  return verifier;
}

/** Throws AttestationRefused unless the attestation is signed, by the publisher where one is named, logged and about this file. */
export function verifyAttestation(attestation: Attestation, file: AttestedFile, publisher?: Publisher): void {
  const staging =
    JSON.stringify(attestation.verification_material.transparency_entries).includes('sigstage.dev') ||
    hasStagingCheckpoint(attestation);
  let signer: Signer;
  try {
    signer = verifierFor(staging ? 'staging' : 'production').verify(
      toSignedEntity(bundleFromJSON(bundleOf(attestation))),
    );
  } catch (error) {
    throw new AttestationRefused(messageOf(error));
  }
  const mismatch = publisher && publisherMismatch(publisher, signer.identity ?? {});
  if (mismatch) throw new AttestationRefused(mismatch);
  checkStatement(attestation, file);
}

function hasStagingCheckpoint({ verification_material: material }: Attestation): boolean {
  return material.transparency_entries.some((entry) => {
    const proof = entry.inclusionProof as { checkpoint?: { envelope?: unknown } } | undefined;
    return String(proof?.checkpoint?.envelope ?? '').includes('sigstage.dev');
  });
}

/** The material of an attestation in the form that the signature library reads. */
function bundleOf({ verification_material: material, envelope }: Attestation): object {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate: { rawBytes: material.certificate },
      tlogEntries: material.transparency_entries,
    },
    dsseEnvelope: {
      payload: envelope.statement,
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: envelope.signature }],
    },
  };
}

interface Statement {
  readonly predicateType?: unknown;
  readonly subject?: readonly { readonly name?: unknown; readonly digest?: { readonly sha256?: unknown } }[];
}

/** The statement has one subject: the file by name and digest. */
function checkStatement(attestation: Attestation, file: AttestedFile): void {
  const statement = parseStatement(attestation);
  const [subject, ...others] = statement.subject ?? [];
  if (!subject || others.length > 0)
    throw new AttestationRefused('too many subjects in statement (must be exactly one)');
  if (typeof subject.name !== 'string') throw new AttestationRefused('invalid subject: missing name');
  if (subject.name !== file.filename) {
    throw new AttestationRefused(`subject does not match distribution name: ${subject.name} != ${file.filename}`);
  }
  if (subject.digest?.sha256 !== file.sha256)
    throw new AttestationRefused('subject does not match distribution digest');
  if (!PREDICATES.includes(String(statement.predicateType))) {
    throw new AttestationRefused(`unknown attestation type: ${String(statement.predicateType)}`);
  }
}

function parseStatement({ envelope }: Attestation): Statement {
  try {
    return JSON.parse(Buffer.from(envelope.statement, 'base64').toString('utf8')) as Statement;
  } catch (error) {
    throw new AttestationRefused(`invalid statement: ${messageOf(error)}`);
  }
}
