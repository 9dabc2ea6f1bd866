/** Lets a content type make a unit of uploaded bytes. */

import { ValidationError } from '../../lib/errors.ts';
import type { Unit } from '../../model/content/unit.ts';
import type { DeclaredArtifact, DeclaredContent } from '../../plugin-api/contracts/declared-content.ts';
import type { UploadReader } from '../../plugin-api/contracts/upload.ts';
import type { Repository } from '../../plugin-api/contracts/version.ts';
import type { ContentType } from '../../plugin-api/declare/content.ts';
import { type ContentScope, contentTools } from '../repository/content-tools.ts';
import { receivedFor } from '../repository/save-units.ts';
import { TempPool } from '../repository/temp-pool.ts';
import { unitOf } from '../repository/unit-of.ts';
import type { ContentNow } from './content-request.ts';
import type { ObtainedBytes } from './obtain-bytes.ts';

/**
 * The unit, and after it those that came with it; every artifact of it without bytes of its own is the uploaded one, which is kept only
 * once the type has read it.
 */
export async function readUnit(
  scope: ContentScope,
  type: ContentType,
  reader: UploadReader | undefined,
  args: Pick<ContentNow, 'values' | 'filename' | 'labels' | 'userId'> & { readonly repository: Repository | null },
  bytes: ObtainedBytes,
): Promise<Unit[]> {
  if (!reader) throw new ValidationError([`Content of type ${type.pulpType} cannot be uploaded.`]);
  const { size, digests } = bytes;
  const { domain } = scope;
  const filename = args.filename ?? bytes.filename;
  const temps = new TempPool(scope.storage(domain));
  if (bytes.temp) temps.add(bytes.temp);
  const content = contentTools(scope, temps);
  const { values, repository, userId = null } = args;
  const input = { type, values, filename, size, digests, services: scope, domain, repository, userId, content };
  try {
    const read = (file: string) => reader.read({ ...input, file });
    const declared = await (bytes.temp ? read(bytes.temp.path) : content.withFile(digests.sha256, read));
    const { companions = [] } = declared;
    const parts = receivedFor([declared, ...companions]);
    if (bytes.temp && needsUpload(declared) && !parts.includes(bytes.temp)) parts.push(bytes.temp);
    const ids = await content.saveArtifacts(parts);
    const saved = new Map(parts.map((temp, at) => [temp, ids[at]!]));
    const uploaded = bytes.temp ? saved.get(bytes.temp) : bytes.artifactId;
    const own = ({ temp }: DeclaredArtifact) => temp && saved.get(temp);
    const labels = args.labels ?? declared.labels ?? {};
    return [
      unitOf({ ...declared, labels }, { artifactId: (artifact) => own(artifact) ?? uploaded }),
      ...companions.map((one) => unitOf(one, { artifactId: own })),
    ];
  } finally {
    await temps.discard();
  }
}

/** Not where the bytes of the unit were made of the uploaded ones, such as a signed package. */
function needsUpload({ artifacts }: DeclaredContent): boolean {
  const hasOwn = ({ temp, artifactId }: DeclaredArtifact) => temp !== undefined || artifactId !== undefined;
  return artifacts.length === 0 || !artifacts.every(hasOwn);
}
