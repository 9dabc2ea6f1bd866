/** Makes a package of an uploaded file: everything is read from the file itself. */
import { ValidationError } from '../../../lib/errors.ts';
import type { ContentTools, DeclaredContent, UploadInput, Values } from '../../../plugin-api/index.ts';
import { attestationsCompanion } from '../attestations/attestations.ts';
import { PackageError } from '../formats/archives/package-error.ts';
import { extensionMessage, type PackageFacts, readNamedPackage } from '../formats/archives/read-package.ts';
import { isSafeFilename, packageTypeOf } from '../formats/filename.ts';
import { pythonPackage } from '../rest/content.ts';
import { packageLimits } from './package-limits.ts';
import { packageValues } from './package-values.ts';

/** What uploaders are told of a name that the index has already; some clients look for these words. */
export const existsMessage = (filename: string) => `Package ${filename} already exists in index`;

/**
 * The package in a file, with its provenance where attestations came along. Throws ValidationError for a wrong digest, a name
 * without a known extension, or a file that is no package.
 */
export async function readUploadedPackage(input: UploadInput): Promise<DeclaredContent> {
  const filename = String(input.values.relative_path ?? input.filename ?? '');
  checkDigest(input);
  const facts = await readFacts(input, filename);
  const unit = await declarePackage(facts, { ...input, filename });
  const companions = await attestationsCompanion(input, { filename, sha256: input.digests.sha256! });
  return companions.length > 0 ? { ...unit, companions } : unit;
}

function checkDigest({ values, digests }: UploadInput): void {
  const { sha256 } = values;
  if (!sha256 || sha256 === digests.sha256) return;
  throw ValidationError.field('sha256', "The uploaded artifact's sha256 checksum does not match the one provided");
}

async function readFacts({ file, services }: UploadInput, filename: string): Promise<PackageFacts> {
  if (!packageTypeOf(filename)) throw ValidationError.cross(extensionMessage(filename));
  if (!isSafeFilename(filename)) throw ValidationError.cross(`${filename} cannot be the name of a package file`);
  try {
    return await readNamedPackage(file, filename, packageLimits(services));
  } catch (error) {
    if (error instanceof PackageError)
      throw ValidationError.cross(`${filename} is not a valid package: ${error.message}`);
    throw error;
  }
}

type Received = Pick<UploadInput, 'digests' | 'size'> & {
  readonly content: Pick<ContentTools, 'receive'>;
  readonly filename: string;
};

/** The unit of a file that was read; the metadata of wheels becomes an artifact beside it (PEP 658). */
export async function declarePackage(
  facts: PackageFacts,
  { digests, size, content, filename }: Received,
): Promise<DeclaredContent> {
  const metadata = facts.metadataFile && (await content.receive([facts.metadataFile]));
  const values: Values = packageValues(facts, {
    filename,
    size,
    sha256: digests.sha256!,
    metadata_sha256: metadata ? metadata.digests.sha256 : null,
  });
  const main = { relativePath: filename, size, digests };
  const beside = metadata
    ? [{ relativePath: `${filename}.metadata`, size: metadata.size, digests: metadata.digests, temp: metadata }]
    : [];
  return { type: pythonPackage, values, artifacts: [main, ...beside] };
}
