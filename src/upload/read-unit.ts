/** Lets a content type make a unit of uploaded bytes. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '../lib/errors.ts';
import { uuid7 } from '../lib/uuid7.ts';
import type { ContentType, DeclaredContent } from '../plugin-api/content.ts';
import type { Domain, Services } from '../plugin-api/context.ts';
import type { ContentArgs } from './content-request.ts';
import type { ObtainedBytes } from './obtain-bytes.ts';

/** The declared unit; every artifact of it without bytes of its own is the uploaded one. */
export async function readUnit(
  services: Services,
  domain: Domain,
  type: ContentType,
  args: Pick<ContentArgs, 'values' | 'filename' | 'labels'>,
  bytes: ObtainedBytes,
): Promise<DeclaredContent> {
  const { upload } = type;
  if (!upload) throw new ValidationError([`Content of type ${type.pulpType} cannot be uploaded.`]);
  const { size, digests } = bytes;
  const filename = args.filename ?? bytes.filename;
  const declared = await withLocalFile(services, domain, digests.sha256, (file) =>
    upload.read({ type, values: args.values, filename, size, digests, file }),
  );
  const artifacts = declared.artifacts.map((artifact) =>
    artifact.artifactId === undefined ? { ...artifact, artifactId: bytes.artifactId } : artifact,
  );
  return { ...declared, artifacts, labels: args.labels ?? declared.labels ?? {} };
}

/** The bytes of an artifact as a local file; fetched from the store where that is not one already. */
async function withLocalFile<T>(
  services: Services,
  domain: Domain,
  sha256: string,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const { driver, ...store } = storeOf(services, domain);
  const local = driver.localPath(store.keyOf(sha256));
  if (local !== undefined) return await work(local);
  const file = join(services.settings.workingDirectory, `read-${uuid7()}`);
  try {
    await driver.copyOut(store.keyOf(sha256), file);
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

function storeOf(services: Services, domain: Domain) {
  const store = services.storage(domain);
  return { driver: store.driver, keyOf: (sha256: string) => store.keyOf(sha256) };
}
