/** The progress of filling repositories: one report of each kind for all of them. */
import type { ProgressReport, TaskContext } from '../../plugin-api/contracts/task.ts';

export class FillReports {
  readonly downloads: ProgressReport;
  readonly associated: ProgressReport;
  readonly #context: TaskContext;
  #removed: ProgressReport | undefined;
  #ended = false;

  constructor(context: TaskContext) {
    this.#context = context;
    this.downloads = context.progress({ message: 'Downloading Artifacts', code: 'sync.downloading.artifacts' });
    this.associated = context.progress({ message: 'Associating Content', code: 'associating.content' });
  }

  /** Only mirrors have it. */
  get removed(): ProgressReport {
    this.#removed ??= this.#context.progress({ message: 'Un-Associating Content', code: 'unassociating.content' });
    return this.#removed;
  }

  finish(): void {
    this.#ended = true;
    this.downloads.finish();
    this.associated.finish();
    this.#removed?.finish();
  }

  /** The others were interrupted by the first that failed. Nothing changes once all was filled. */
  fail(): void {
    if (this.#ended) return;
    this.downloads.finish('failed');
    this.associated.finish('canceled');
    this.#removed?.finish('canceled');
  }
}
