/** Measures requests: how long each took, by face, method, class of status and route. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { routeOf } from '../../lib/http/exchange/request-route.ts';
import { DurationHistogram } from '../../lib/process/duration-histogram.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export class RequestMetrics {
  readonly durations = new DurationHistogram();
  #open = 0;

  /** Requests being answered. */
  get open(): number {
    return this.#open;
  }

  /** When the request began. */
  begin(): number {
    this.#open++;
    return performance.now();
  }

  /** `face` is the part of the server that has answered: `api`, `content` … */
  end(request: IncomingMessage, response: ServerResponse, face: string, started: number): void {
    this.#open--;
    const method = METHODS.has(request.method ?? '') ? request.method! : 'other';
    const status = `${Math.floor(response.statusCode / 100)}xx`;
    const labels = { face, method, status, route: routeOf(request) ?? '' };
    this.durations.observe(labels, (performance.now() - started) / 1000);
  }

  /** Answers by method and class of status. */
  totals(): readonly (readonly [{ method: string; status: string }, number])[] {
    const totals = new Map<string, number>();
    for (const { labels, count } of this.durations.series()) {
      const key = `${labels.method} ${labels.status}`;
      totals.set(key, (totals.get(key) ?? 0) + count);
    }
    return [...totals].map(([key, count]) => {
      const [method = '', status = ''] = key.split(' ');
      return [{ method, status }, count] as const;
    });
  }
}
