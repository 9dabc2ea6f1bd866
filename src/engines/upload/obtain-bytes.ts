/** Bytes for a new unit, whether they are an artifact already, lie in chunks, or have to be fetched. */

import type { Digests } from '../../lib/crypto/digest.ts';
import { ValidationError } from '../../lib/errors.ts';
import { fileNameOf } from '../../lib/http/relative-path.ts';
import { findArtifact, touchOrphanArtifacts } from '../../model/content/artifact.ts';
import { findUpload, type UploadRow } from '../../model/upload.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { DigestMismatch, SizeMismatch } from '../../storage/storage-errors.ts';
import type { ByteSource } from './content-request.ts';
import { fetchUrl } from './fetch-url.ts';

export interface ObtainedBytes {
  /** The artifact they are already. */
  readonly artifactId?: number;
  /** The temporary file they are as long as nobody keeps them. */
  readonly temp?: TempArtifact;
  readonly size: number;
  readonly digests: Digests & { sha256: string };
  /** Name the source gives the file, if any. */
  readonly filename: string | null;
}

export async function obtainBytes(
  services: Services,
  domain: Domain,
  source: ByteSource & { readonly received?: TempArtifact },
  signal?: AbortSignal,
): Promise<ObtainedBytes> {
  if (source.artifact) return await fromArtifact(services, domain, source.artifact);
  if (source.received) return received(source.received, null);
  if (source.upload) return received(await assembleUpload(services, domain, source.upload, {}, signal), null);
  if (source.file_url) {
    const fetched = await fetchUrl(services, domain, source.file_url, source.downloader_config ?? {}, signal);
    return received(fetched, fileNameOf(new URL(source.file_url).pathname) || null);
  }
  throw ValidationError.cross('Exactly one of file, artifact, file_url, upload must be specified.');
}

async function fromArtifact(services: Services, domain: Domain, pulpId: string): Promise<ObtainedBytes> {
  const row = await findArtifact(services.db, domain.id, pulpId);
  if (!row) throw ValidationError.field('artifact', 'Invalid hyperlink - Object does not exist.');
  await touchOrphanArtifacts(services.db, [row.id]);
  return { artifactId: row.id, size: row.size, digests: row.digests, filename: null };
}

const received = (temp: TempArtifact, filename: string | null): ObtainedBytes => ({
  temp,
  size: temp.size,
  digests: temp.digests,
  filename,
});

/** The chunks of an upload as one body; the upload stays. */
export async function assembleUpload(
  services: Services,
  domain: Domain,
  uploadId: string,
  expected: { sha256?: string | null },
  signal?: AbortSignal,
): Promise<TempArtifact> {
  const upload = await findUpload(services.db, domain.id, uploadId);
  if (!upload) throw ValidationError.field('upload', 'Invalid hyperlink - Object does not exist.');
  refuseIncomplete(upload);
  const digests = services.settings.allowedContentChecksums;
  try {
    return await services.storage(domain).uploads.assemble(uploadId, upload.chunks, {
      digests,
      expected: { digests: { sha256: expected.sha256 } },
      signal,
    });
  } catch (error) {
    if (error instanceof DigestMismatch || error instanceof SizeMismatch) throw ValidationError.cross(error.message);
    throw error;
  }
}

/** What was announced must be there, each byte once; Pulp would make a shorter file of it. */
function refuseIncomplete({ size, chunks }: UploadRow): void {
  let end = 0;
  for (const chunk of [...chunks, { offset: size, size: 0 }]) {
    if (chunk.offset > end)
      throw ValidationError.cross(`The upload is not complete: bytes ${end}-${chunk.offset - 1} have not arrived.`);
    if (chunk.offset < end) throw ValidationError.cross(`The chunks of the upload overlap at byte ${chunk.offset}.`);
    end += chunk.size;
  }
}
