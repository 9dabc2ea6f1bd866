/** Progress reports of a running task, written together at most every half second. */
import type { Database } from '../../db/database.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import { putReports, type ReportRow } from '../../model/tasks/progress-report.ts';
import type { ProgressOptions, ProgressReport } from '../../plugin-api/contracts/task.ts';

const writeEvery = 500;

type State = 'running' | 'completed' | 'failed' | 'canceled';

class Report implements ProgressReport {
  readonly pulpId = uuid7();
  readonly options: ProgressOptions;
  readonly #changed: (report: Report) => void;
  readonly #stop: AbortSignal;
  #done = 0;
  #total: number | null;
  state: State = 'running';

  constructor(options: ProgressOptions, stop: AbortSignal, changed: (report: Report) => void) {
    this.options = options;
    this.#stop = stop;
    this.#total = options.total ?? null;
    this.#changed = changed;
  }

  get done(): number {
    return this.#done;
  }
  set done(value: number) {
    this.#done = value;
    this.#changed(this);
  }
  get total(): number | null {
    return this.#total;
  }
  set total(value: number | null) {
    this.#total = value;
    this.#changed(this);
  }
  add(units: number): void {
    this.done += units;
  }
  /** Whatever fails because the task was stopped was canceled: monitoring counts failed reports. */
  finish(state: State = 'completed'): void {
    this.state = state === 'failed' && this.#stop.aborted ? 'canceled' : state;
    this.#changed(this);
  }

  toRow(): ReportRow {
    const { message, code, suffix = null } = this.options;
    return { pulp_id: this.pulpId, message, code, suffix, state: this.state, total: this.#total, done: this.#done };
  }
}

/** Writes only while the task is held under the lease. */
export class ProgressWriter {
  readonly #db: Database;
  readonly #task: { id: number; pulpId: string; lease: number };
  readonly #stop: AbortSignal;
  readonly #changed = new Set<Report>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `stop` is aborted when the task is canceled. */
  constructor(db: Database, task: { id: number; pulpId: string; lease: number }, stop: AbortSignal) {
    this.#db = db;
    this.#task = task;
    this.#stop = stop;
  }

  open(options: ProgressOptions): ProgressReport {
    const report = new Report(options, this.#stop, (changed) => this.#note(changed));
    this.#note(report);
    return report;
  }

  /** Writes what has changed; errors are left to the next write, and to the task's end to be seen. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const reports = [...this.#changed];
    this.#changed.clear();
    if (reports.length > 0) this.#writing = this.#writing.then(() => this.#write(reports));
    return this.#writing;
  }

  /** Writes the last state; nothing is written afterwards. */
  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
  }

  #note(report: Report): void {
    this.#changed.add(report);
    this.#timer ??= setTimeout(() => void this.flush(), writeEvery).unref();
  }

  async #write(reports: readonly Report[]): Promise<void> {
    const rows = reports.map((report) => report.toRow());
    await putReports(this.#db, this.#task, rows).catch(() => {
      for (const report of reports) this.#changed.add(report);
    });
  }
}
