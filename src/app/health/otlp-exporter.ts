/** Sends metrics by the OpenTelemetry protocol (JSON over HTTP) under the names of Pulp; addresses by the standard OTEL_ variables. */
import { sql } from '../../db/sql.ts';
import { messageOf } from '../../lib/errors.ts';
import type { DurationHistogram } from '../../lib/process/duration-histogram.ts';
import { unescaped } from '../../lib/text/unescaped.ts';
import { queueFigures } from '../../model/queue-figures.ts';
import type { DispatchServices } from '../../tasking/queue/dispatch.ts';
import { logTrouble } from '../../tasking/worker/log-trouble.ts';
import type { RequestMetrics } from './request-metrics.ts';

interface OtlpOptions {
  /** Name of the process. */
  readonly worker: string;
  readonly requests?: RequestMetrics;
  /** Whether this process tells of the queue and of the space used. */
  readonly queue?: boolean;
}

type Attributes = Readonly<Record<string, string>>;
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}
interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly gauge?: { readonly dataPoints: readonly object[] };
  readonly histogram?: { readonly aggregationTemporality: number; readonly dataPoints: readonly object[] };
}

/** Sums since the start of the process. */
const CUMULATIVE = 2;
/** Milliseconds between reports unless OTEL_METRIC_EXPORT_INTERVAL says otherwise, and for the collector to answer. */
const INTERVAL = 60_000;
const ANSWER_WITHIN = 10_000;
/** Faces whose requests Pulp measures. */
const FACES = ['api', 'content'] as const;

const attributes = (values: Attributes): Attribute[] =>
  Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));
const nanoseconds = (milliseconds: number) => `${Math.round(milliseconds)}000000`;

/** Reports until it is stopped, and once more then. */
export function startOtlp(
  services: Pick<DispatchServices, 'db' | 'logger' | 'settings'>,
  options: OtlpOptions,
): { stop(): Promise<void> } {
  const report = async () => {
    try {
      await send(options.worker, await gather(services, options));
    } catch (error) {
      logTrouble(services.logger, error, `Metrics could not be sent: ${messageOf(error)}`);
    }
  };
  const timer = setInterval(() => void report(), Number(process.env.OTEL_METRIC_EXPORT_INTERVAL) || INTERVAL);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await report();
    },
  };
}

async function gather({ db }: Pick<DispatchServices, 'db'>, options: OtlpOptions): Promise<Metric[]> {
  const metrics: Metric[] = [];
  const now = Date.now();
  const { requests, queue, worker } = options;
  if (requests) for (const face of FACES) metrics.push(...histogramOf(face, requests.durations, worker, now));
  if (!queue) return metrics;
  const { unblocked, longestUnblocked } = await queueFigures(db);
  metrics.push(
    gauge('tasks_unblocked_queue', 'tasks', [[{ 'worker.name': worker }, unblocked]], now),
    gauge('tasks_longest_unblocked_time', 'seconds', [[{ 'worker.name': worker }, longestUnblocked]], now),
  );
  const spaces = await db.rows<{ name: string; bytes: number }>(sql`
    select d.name, coalesce(sum(a.size), 0)::int8 as bytes from domain d left join artifact a on a.domain_id = d.id
      group by d.id order by d.id`);
  const used = spaces.map(({ name, bytes }) => [{ domain_name: name }, Number(bytes)] as const);
  metrics.push(gauge('space_usage', 'bytes', used, now));
  return metrics;
}

function gauge(name: string, unit: string, values: readonly (readonly [Attributes, number])[], now: number): Metric {
  const dataPoints = values.map(([labels, value]) => ({
    attributes: attributes(labels),
    timeUnixNano: nanoseconds(now),
    asDouble: value,
  }));
  return { name, unit, gauge: { dataPoints } };
}

/** Pulp measures in milliseconds. */
function histogramOf(face: string, durations: DurationHistogram, worker: string, now: number): Metric[] {
  const start = now - process.uptime() * 1000;
  const dataPoints = durations
    .series()
    .filter(({ labels }) => labels.face === face)
    .map(({ labels, counts, sum, count }) => ({
      attributes: attributes({
        'http.method': labels.method ?? '',
        'http.status_code': labels.status ?? '',
        'http.target': labels.route ?? '',
        'worker.name': worker,
      }),
      startTimeUnixNano: nanoseconds(start),
      timeUnixNano: nanoseconds(now),
      count: String(count),
      sum: sum * 1000,
      bucketCounts: counts.map(String),
      explicitBounds: durations.bounds.map((bound) => bound * 1000),
    }));
  if (dataPoints.length === 0) return [];
  const histogram = { aggregationTemporality: CUMULATIVE, dataPoints };
  return [{ name: `${face}.request_duration`, unit: 'ms', histogram }];
}

async function send(worker: string, metrics: readonly Metric[]): Promise<void> {
  const url = collector();
  if (metrics.length === 0) return;
  const service = process.env.OTEL_SERVICE_NAME ?? 'deckle';
  const body = {
    resourceMetrics: [
      {
        resource: { attributes: attributes({ 'service.name': service, 'service.instance.id': worker }) },
        scopeMetrics: [{ scope: { name: 'deckle' }, metrics }],
      },
    ],
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...givenHeaders() },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the collector answered ${response.status}`);
}

function collector(): string {
  const { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: own, OTEL_EXPORTER_OTLP_ENDPOINT: common } = process.env;
  return own ?? `${(common ?? 'http://localhost:4318').replace(/\/+$/, '')}/v1/metrics`;
}

/** `name=value` pairs with commas between, percent-encoded. */
function givenHeaders(): Record<string, string> {
  const text = process.env.OTEL_EXPORTER_OTLP_METRICS_HEADERS ?? process.env.OTEL_EXPORTER_OTLP_HEADERS ?? '';
  const pairs = text.split(',').map((pair) => pair.split('=', 2).map((word) => unescaped(word.trim())));
  return Object.fromEntries(pairs.filter(([name, value]) => name && value !== undefined));
}
