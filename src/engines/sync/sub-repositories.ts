/** The parts of a repository that a sync asks for: found or made, let go when no longer asked for, removed when the sync fails. */
import { hasMissingArtifacts } from '../../model/content/content-artifact.ts';
import { latestVersion } from '../../model/repositories/repository-version.ts';
import {
  adoptSubRepository,
  deleteWithParts,
  hasOtherParts,
  type Parent,
  releaseOtherParts,
} from '../../model/repositories/sub-repository.ts';
import type { SubRepository } from '../../plugin-api/contracts/sync.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';

export class SubRepositories {
  readonly #context: TaskContext;
  readonly #asked = new Set<number>();
  readonly #made: number[] = [];

  constructor(context: TaskContext) {
    this.#context = context;
  }

  async open(parent: Parent, name: string): Promise<SubRepository> {
    const { db, domain } = this.#context;
    const { repository, made } = await this.#context.write((tx) => adoptSubRepository(tx, domain.id, parent, name));
    this.#asked.add(repository.id);
    if (made) this.#made.push(repository.id);
    const latest = await latestVersion(db, repository.id);
    return { repository, latest, hasMissingArtifacts: () => hasMissingArtifacts(db, latest) };
  }

  /** After a sync that has come to its end. */
  async keepAsked(parentId: number): Promise<void> {
    const asked = [...this.#asked];
    this.#made.length = 0;
    if (!(await hasOtherParts(this.#context.db, parentId, asked))) return;
    await this.#context.write((tx) => releaseOtherParts(tx, parentId, asked));
  }

  /** After one that has not; where the lease is gone, those that were made stay empty until the next sync. */
  async removeMade(): Promise<void> {
    if (this.#made.length > 0) await this.#context.write((tx) => deleteWithParts(tx, this.#made)).catch(() => {});
  }
}
