/** Gathers what a publication consists of while a plugin makes it: files, paths, fields. */
import type { DigestName } from '../../lib/crypto/digest.ts';
import { relativePathError } from '../../lib/http/relative-path.ts';
import { saveArtifacts } from '../../model/content/artifact.ts';
import { insertPublishedPaths, type PublishedPath } from '../../model/repositories/publication.ts';
import type { PublishContext } from '../../plugin-api/contracts/publish.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import type { Repository, Version } from '../../plugin-api/contracts/version.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { checkPublishedPaths } from './check-published-paths.ts';
import { chunksOf, type TextSource } from './chunks-of.ts';
import { publishedUnits } from './published-units.ts';

export interface PublicationPlan {
  readonly publicationId: string;
  readonly version: Version;
  readonly repository: Repository;
  readonly values: Values;
}

/** Paths written together. */
const BATCH = 10_000;

export class PublicationBuilder {
  readonly #context: TaskContext;
  readonly #plan: PublicationPlan;
  readonly #details: Values;
  readonly #files: { relativePath: string; temp: TempArtifact }[] = [];
  #paths: PublishedPath[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  #passThrough = false;

  constructor(context: TaskContext, plan: PublicationPlan) {
    this.#context = context;
    this.#plan = plan;
    this.#details = { ...plan.values };
  }

  publishContext(): PublishContext {
    const { version, repository, values } = this.#plan;
    return {
      ...this.#context,
      version,
      repository,
      values,
      passThrough: () => {
        this.#passThrough = true;
      },
      set: (name, value) => {
        this.#details[name] = value;
      },
      units: (type, options) => publishedUnits(this.#context.db, version, type, options?.digests),
      addFile: (relativePath, source) => this.#addFile(relativePath, source),
      addTemp: async (relativePath, temp) => this.#addTemp(relativePath, temp),
      addArtifact: (relativePath, contentArtifactId) => {
        if (contentArtifactId === null) throw new Error(`There are no bytes to publish as ${relativePath}`);
        this.#addPath({ relativePath, artifactId: null, contentArtifactId });
      },
    };
  }

  /** Makes artifacts of the files and writes what is left; the publication can be completed then. */
  async finish(): Promise<{ passThrough: boolean; details: Values }> {
    await this.#saveFiles();
    this.#flush();
    await this.#writing;
    await checkPublishedPaths(this.#context.db, this.#plan.publicationId);
    return { passThrough: this.#passThrough, details: this.#details };
  }

  /** Removes files that will not be kept. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => {});
    const store = this.#context.storage(this.#context.domain);
    for (const { temp } of this.#files) await store.discard(temp).catch(() => {});
  }

  async #addFile(relativePath: string, source: TextSource): Promise<TempArtifact> {
    refuseOddPath(relativePath);
    const { settings, signal, domain } = this.#context;
    const digests = settings.allowedContentChecksums as DigestName[];
    const temp = await this.#context.storage(domain).receive(chunksOf(source), { digests, signal });
    this.#addTemp(relativePath, temp);
    return temp;
  }

  #addTemp(relativePath: string, temp: TempArtifact): void {
    refuseOddPath(relativePath);
    this.#files.push({ relativePath, temp });
  }

  async #saveFiles(): Promise<void> {
    const { db, domain, settings } = this.#context;
    const temps = this.#files.map(({ temp }) => temp);
    const saved = await saveArtifacts(
      db,
      this.#context.storage(domain),
      domain.id,
      temps,
      settings.allowedContentChecksums,
    );
    this.#files.forEach(({ relativePath }, at) => {
      this.#addPath({ relativePath, artifactId: saved[at]!.id, contentArtifactId: null });
    });
  }

  #addPath(path: PublishedPath): void {
    this.#paths.push(path);
    if (this.#paths.length >= BATCH) this.#flush();
  }

  /** Batches are written one after another; an error of one is thrown by `finish`. */
  #flush(): void {
    const paths = this.#paths;
    this.#paths = [];
    this.#writing = this.#writing.then(() =>
      this.#context.write((tx) => insertPublishedPaths(tx, this.#plan.publicationId, paths)),
    );
    this.#writing.catch(() => {});
  }
}

function refuseOddPath(path: string): void {
  const message = relativePathError(path);
  if (message !== undefined) throw new Error(message);
}
