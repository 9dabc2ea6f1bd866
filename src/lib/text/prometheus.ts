/** Writes metrics in the text format of Prometheus. */
import type { DurationHistogram } from '../process/duration-histogram.ts';

export type Labels = Readonly<Record<string, string>>;

export class PrometheusText {
  #text = '';

  /** One metric with its samples; a sample without a value is left out. */
  add(
    type: 'gauge' | 'counter',
    name: string,
    help: string,
    samples: readonly (readonly [labels: Labels, value: number | null | undefined])[],
  ): void {
    const known = samples.filter(([, value]) => typeof value === 'number');
    if (known.length === 0) return;
    this.#head(type, name, help);
    for (const [labels, value] of known) this.#text += `${name}${written(labels)} ${value}\n`;
  }

  histogram(name: string, help: string, histogram: DurationHistogram, common: Labels): void {
    const series = histogram.series();
    if (series.length === 0) return;
    this.#head('histogram', name, help);
    for (const { labels, counts, sum, count } of series) {
      const all = { ...labels, ...common };
      let below = 0;
      for (const [index, bound] of histogram.bounds.entries()) {
        below += counts[index]!;
        this.#text += `${name}_bucket${written({ ...all, le: String(bound) })} ${below}\n`;
      }
      this.#text += `${name}_bucket${written({ ...all, le: '+Inf' })} ${count}\n`;
      this.#text += `${name}_sum${written(all)} ${sum}\n${name}_count${written(all)} ${count}\n`;
    }
  }

  toString(): string {
    return this.#text;
  }

  #head(type: string, name: string, help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }
}

function written(labels: Labels): string {
  const words = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`,
  );
  return words.length > 0 ? `{${words.join(',')}}` : '';
}
