/** Counts durations in buckets, apart for each set of labels. */

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Durations not longer than each bound of `bounds`, not cumulative, then those beyond the last. */
  readonly counts: readonly number[];
  /** Seconds altogether. */
  readonly sum: number;
  readonly count: number;
}

/** Different sets of labels that are kept apart; whatever comes beyond counts together under `other`. */
const MOST_SERIES = 2000;

export class DurationHistogram {
  /** Upper bounds in seconds. */
  readonly bounds: readonly number[];
  readonly #series = new Map<
    string,
    { labels: Record<string, string>; counts: number[]; sum: number; count: number }
  >();

  constructor(bounds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]) {
    this.bounds = bounds;
  }

  observe(labels: Record<string, string>, seconds: number): void {
    let key = '';
    for (const name in labels) key += `${labels[name]}\0`;
    let series = this.#series.get(key);
    if (!series && this.#series.size >= MOST_SERIES) {
      const other = Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
      series = this.#open('other', other);
    }
    series ??= this.#open(key, labels);
    this.#add(series, seconds);
  }

  series(): Series[] {
    return [...this.#series.values()];
  }

  #open(key: string, labels: Record<string, string>) {
    const known = this.#series.get(key);
    if (known) return known;
    const made = { labels, counts: new Array<number>(this.bounds.length + 1).fill(0), sum: 0, count: 0 };
    this.#series.set(key, made);
    return made;
  }

  #add(series: { counts: number[]; sum: number; count: number }, seconds: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && seconds > this.bounds[bucket]!) bucket++;
    series.counts[bucket]!++;
    series.sum += seconds;
    series.count++;
  }
}
