/** Lets a content type make a unit of uploaded bytes. */

import { rm } from 'node:fs/promises';
import { ValidationError } from '../../lib/errors.ts';
import type { Unit } from '../../model/content/unit.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { DeclaredArtifact } from '../../plugin-api/contracts/declared-content.ts';
import type { UploadReader } from '../../plugin-api/contracts/upload.ts';
import type { Repository } from '../../plugin-api/contracts/version.ts';
import type { ContentType } from '../../plugin-api/declare/content.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { saveReceived } from '../repository/save-received.ts';
import { receivedFor } from '../repository/save-units.ts';
import { unitOf } from '../repository/unit-of.ts';
import type { ContentNow } from './content-request.ts';
import type { ObtainedBytes } from './obtain-bytes.ts';

/**
 * The unit, and after it those that came with it; every artifact of it without bytes of its own is the uploaded one, which is kept only
 * once the type has read it.
 */
export async function readUnit(
  services: Services & { readonly domain: Domain },
  type: ContentType,
  reader: UploadReader | undefined,
  args: Pick<ContentNow, 'values' | 'filename' | 'labels' | 'userId'> & { readonly repository: Repository | null },
  bytes: ObtainedBytes,
): Promise<Unit[]> {
  if (!reader) throw new ValidationError([`Content of type ${type.pulpType} cannot be uploaded.`]);
  const { size, digests } = bytes;
  const { domain } = services;
  const filename = args.filename ?? bytes.filename;
  const received = new ReceivedParts(services, domain, bytes.temp);
  const input = { type, values: args.values, filename, size, digests, services, domain, userId: args.userId ?? null };
  const { repository } = args;
  try {
    const read = (file: string) =>
      reader.read({ ...input, repository, file, receive: (source) => received.receive(source) });
    const declared = await (bytes.temp ? read(bytes.temp.path) : withLocalFile(services, domain, digests.sha256, read));
    const { companions = [] } = declared;
    const temps = receivedFor([declared, ...companions]);
    const parts = await received.save([...new Set(bytes.temp ? [bytes.temp, ...temps] : temps)]);
    const uploaded = bytes.temp ? parts.get(bytes.temp) : bytes.artifactId;
    const own = ({ temp }: DeclaredArtifact) => temp && parts.get(temp);
    const labels = args.labels ?? declared.labels ?? {};
    return [
      unitOf({ ...declared, labels }, { artifactId: (artifact) => own(artifact) ?? uploaded }),
      ...companions.map((one) => unitOf(one, { artifactId: own })),
    ];
  } finally {
    await received.discard();
  }
}

/** An uploaded file and what a type makes of it, such as an extract: saved when the unit has them, else discarded. */
class ReceivedParts {
  readonly #services: Services;
  readonly #domain: Domain;
  readonly #temps: TempArtifact[];

  constructor(services: Services, domain: Domain, uploaded: TempArtifact | undefined) {
    this.#services = services;
    this.#domain = domain;
    this.#temps = uploaded ? [uploaded] : [];
  }

  async receive(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<TempArtifact> {
    const digests = this.#services.settings.allowedContentChecksums;
    const temp = await this.#services.storage(this.#domain).receive(source, { digests });
    this.#temps.push(temp);
    return temp;
  }

  /** Ids of the artifacts made of temporary ones. */
  async save(temps: readonly TempArtifact[]): Promise<Map<TempArtifact, number>> {
    if (temps.length === 0) return new Map();
    const saved = await saveReceived(this.#services, this.#domain, temps);
    return new Map(temps.map((temp, at) => [temp, saved[at]!.id]));
  }

  async discard(): Promise<void> {
    const store = this.#services.storage(this.#domain);
    for (const temp of this.#temps) await store.discard(temp);
  }
}

/** The bytes of an artifact as a local file; fetched from the store where that is not one already. */
export async function withLocalFile<T>(
  services: Services,
  domain: Domain,
  sha256: string,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const store = services.storage(domain);
  const key = store.keyOf(sha256);
  const local = store.driver.localPath(key);
  if (local !== undefined) return await work(local);
  await store.temporary.ensureDirectory();
  const file = store.temporary.newPath();
  try {
    await store.driver.copyOut(key, file);
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}
