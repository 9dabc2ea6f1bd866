/** Gathers what a publication consists of while a plugin makes it: files, paths, fields. */
import type { DigestName } from '../../lib/crypto/digest.ts';
import { relativePathError } from '../../lib/http/relative-path.ts';
import { saveArtifacts } from '../../model/content/artifact.ts';
import { insertPublishedPaths, type PublishedPath } from '../../model/repositories/publication.ts';
import { versionUnits } from '../../model/repositories/version-units.ts';
import type { ContentTools } from '../../plugin-api/contracts/content-tools.ts';
import type { FileSource, FileWriter, PublishContext } from '../../plugin-api/contracts/publish.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import type { Repository, Version } from '../../plugin-api/contracts/version.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { contentTools } from '../repository/content-tools.ts';
import { TempPool } from '../repository/temp-pool.ts';
import { checkPublishedPaths } from './check-published-paths.ts';
import { chunksOf } from './chunks-of.ts';
import { StoreFileWriter } from './file-writer.ts';
import { signForPublication } from './sign-file.ts';

interface PublicationPlan {
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
  /** Received files with the paths they were committed to; what has none is dropped. */
  readonly #files = new Map<TempArtifact, string[]>();
  readonly #writers = new Set<FileWriter>();
  readonly #temps: TempPool;
  readonly #content: ContentTools;
  #paths: PublishedPath[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  #passThrough = false;

  constructor(context: TaskContext, plan: PublicationPlan) {
    this.#context = context;
    this.#plan = plan;
    this.#temps = new TempPool(context.storage(context.domain));
    this.#content = contentTools(context, this.#temps);
    this.#details = { ...plan.values };
  }

  /** Paths begin with `directory`, which is empty or ends with a slash. */
  publishContext(directory = '', version = this.#plan.version): PublishContext {
    const { repository, values } = this.#plan;
    const at = (path: string) => validPath(`${directory}${path}`);
    return {
      ...this.#context,
      version,
      repository,
      content: this.#content,
      values,
      passThrough: () => {
        this.#passThrough = true;
      },
      set: (name, value) => {
        this.#details[name] = value;
      },
      units: (type, options = {}) => versionUnits(this.#context.db, options.version ?? version, type, options),
      addFile: async (path, source) => await this.#addFile(at(path), source),
      openFile: ({ digests = [] } = {}) => this.#open(at, digests),
      addArtifact: (path, contentArtifactId) => {
        const relativePath = at(path);
        if (contentArtifactId === null) throw new Error(`There are no bytes to publish as ${relativePath}`);
        this.#addPath({ relativePath, artifactId: null, contentArtifactId });
      },
      below: (further, other) => this.publishContext(`${directory}${further}`, other ?? version),
      sign: (service, file, options) =>
        signForPublication(this.#context, service, file, options, (source) => this.#receive(source)),
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

  /** Removes files that were not kept. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => {});
    for (const writer of this.#writers) await writer.cancel().catch(() => {});
    await this.#temps.discard();
    const store = this.#context.storage(this.#context.domain);
    for (const temp of this.#files.keys()) await store.discard(temp).catch(() => {});
  }

  async #addFile(relativePath: string, source: FileSource | TempArtifact): Promise<TempArtifact> {
    const temp = typeof source === 'object' && 'digests' in source ? source : await this.#receive(chunksOf(source));
    this.#commit(temp, [relativePath]);
    return temp;
  }

  #open(at: (path: string) => string, digests: readonly DigestName[]): FileWriter {
    const writer: FileWriter = new StoreFileWriter({
      receive: async (source) => {
        const temp = await this.#receive(source, digests);
        this.#writers.delete(writer);
        return temp;
      },
      commit: (temp, paths) => this.#commit(temp, paths.map(at)),
      discard: async (temp) => {
        this.#files.delete(temp);
        await this.#context.storage(this.#context.domain).discard(temp);
      },
    });
    this.#writers.add(writer);
    return writer;
  }

  async #receive(source: AsyncIterable<Uint8Array>, more: readonly DigestName[] = []): Promise<TempArtifact> {
    const { settings, signal, domain } = this.#context;
    const digests = [...settings.allowedContentChecksums, ...more];
    const temp = await this.#context.storage(domain).receive(source, { digests, signal });
    this.#files.set(temp, []);
    return temp;
  }

  #commit(temp: TempArtifact, paths: readonly string[]): void {
    this.#files.set(temp, [...(this.#files.get(temp) ?? []), ...paths]);
  }

  async #saveFiles(): Promise<void> {
    const { db, domain, settings } = this.#context;
    const committed = [...this.#files].filter(([, paths]) => paths.length > 0);
    const saved = await saveArtifacts(
      db,
      this.#context.storage(domain),
      domain.id,
      committed.map(([temp]) => temp),
      settings.allowedContentChecksums,
    );
    committed.forEach(([temp, paths], at) => {
      this.#files.delete(temp);
      for (const relativePath of paths)
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

function validPath(path: string): string {
  const message = relativePathError(path);
  if (message !== undefined) throw new Error(message);
  return path;
}
