/** Saves fetched files in groups: those that come while a group is being written share the next one's flush to disk and commit. */
import type { Database } from '../../db/database.ts';
import { holdArtifactGate, insertArtifacts } from '../../model/content/artifact.ts';
import { setArtifacts } from '../../model/content/content-artifact.ts';
import type { ArtifactStore, TempArtifact } from '../../storage/artifact-store.ts';

const MOST_AT_ONCE = 64;

interface Job {
  readonly temp: TempArtifact;
  readonly contentArtifactId: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface Queue {
  readonly jobs: Job[];
  running: boolean;
}

export class ArtifactSaver {
  readonly #db: Database;
  readonly #allowed: readonly string[];
  readonly #queues = new Map<number, Queue>();

  constructor(db: Database, allowed: readonly string[]) {
    this.#db = db;
    this.#allowed = allowed;
  }

  /** Keeps a body and links it to the unit it belongs to; resolves when both are durable. */
  save(store: ArtifactStore, domainId: number, temp: TempArtifact, contentArtifactId: number): Promise<void> {
    const queue = this.#queues.get(domainId) ?? { jobs: [], running: false };
    this.#queues.set(domainId, queue);
    return new Promise((resolve, reject) => {
      queue.jobs.push({ temp, contentArtifactId, resolve, reject });
      if (!queue.running) void this.#work(store, domainId, queue);
    });
  }

  async #work(store: ArtifactStore, domainId: number, queue: Queue): Promise<void> {
    queue.running = true;
    while (queue.jobs.length > 0) {
      const jobs = queue.jobs.splice(0, MOST_AT_ONCE);
      try {
        await this.#saveGroup(store, domainId, jobs);
        for (const job of jobs) job.resolve();
      } catch (error) {
        await Promise.all(jobs.map((job) => store.discard(job.temp).catch(() => undefined)));
        for (const job of jobs) job.reject(error);
      }
    }
    queue.running = false;
  }

  /** A transaction may be run again, but the files have been moved by then. */
  async #saveGroup(store: ArtifactStore, domainId: number, jobs: readonly Job[]): Promise<void> {
    const temps = jobs.map((job) => job.temp);
    let kept = false;
    await this.#db.transaction(async (tx) => {
      await holdArtifactGate(tx, domainId);
      if (!kept) await store.keep(temps);
      kept = true;
      const saved = await insertArtifacts(tx, domainId, temps, this.#allowed);
      await setArtifacts(
        tx,
        jobs.map((job, index) => ({ id: job.contentArtifactId, artifactId: saved[index]!.id })),
      );
    });
  }
}
