/** Everything that `/metrics` tells: of this process, and of the server as the database knows it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { within } from '../../api/endpoints/within.ts';
import type { Database } from '../../db/database.ts';
import { PrometheusText } from '../../lib/text/prometheus.ts';
import { type QueueFigures, queueFigures } from '../../model/queue-figures.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import type { RequestMetrics } from './request-metrics.ts';

export interface MetricsSource {
  readonly db: Database;
  readonly storage: StorageDriver;
  readonly hasLease: () => boolean;
  readonly requests?: RequestMetrics;
}

let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;

export async function metricsText(source: MetricsSource): Promise<string> {
  const text = new PrometheusText();
  const started = performance.now();
  const [figures, usage] = await Promise.all([within(queueFigures(source.db)), within(source.storage.usage())]);
  const latency = (performance.now() - started) / 1000;
  text.add('gauge', 'deckle_database_up', 'Whether the database answers', [[{}, figures ? 1 : 0]]);
  if (figures) {
    text.add('gauge', 'deckle_database_latency_seconds', 'How long the figures of the queue took', [[{}, latency]]);
    addFigures(text, figures);
  }
  text.add('gauge', 'deckle_storage_bytes', 'Bytes of the file system below the storage', [
    [{ kind: 'total' }, usage?.total],
    [{ kind: 'used' }, usage?.used],
    [{ kind: 'free' }, usage?.free],
  ]);
  addProcess(text, source);
  return text.toString();
}

function addFigures(text: PrometheusText, figures: QueueFigures): void {
  const { tasks, processes } = figures;
  text.add('gauge', 'deckle_tasks_waiting', 'Tasks in the queue', [[{}, tasks.waiting]]);
  text.add('gauge', 'deckle_tasks_running', 'Tasks that run', [[{}, tasks.running + tasks.canceling]]);
  text.add('gauge', 'deckle_tasks_unblocked', 'Waiting tasks that only a worker is missing for', [
    [{}, figures.unblocked],
  ]);
  text.add('gauge', 'deckle_tasks_oldest_ready_seconds', 'How long the oldest task that could run waits', [
    [{}, figures.longestUnblocked],
  ]);
  text.add('gauge', 'deckle_tasks_oldest_waiting_seconds', 'How long the oldest of all waiting tasks waits', [
    [{}, figures.longestWaiting],
  ]);
  const states = processes.flatMap(({ role: type, online, missing }) => [
    [{ type, state: 'online' }, online] as const,
    [{ type, state: 'missing' }, missing] as const,
  ]);
  text.add('gauge', 'deckle_processes', 'Registered processes', states);
  text.add('counter', 'deckle_events_total', 'Events so far', [[{}, figures.events]]);
  text.add('gauge', 'deckle_database_bytes', 'Size of the database', [[{}, figures.databaseBytes]]);
  text.add('gauge', 'deckle_last_backup_timestamp_seconds', 'End of the last whole backup', [[{}, figures.lastBackup]]);
}

/** Labelled with the process: several may answer on one port in turn. */
function addProcess(text: PrometheusText, source: MetricsSource): void {
  const own = { pid: String(process.pid) };
  const { requests } = source;
  if (requests) {
    const totals = requests.totals().map(([labels, count]) => [{ ...own, ...labels }, count] as const);
    text.add('counter', 'deckle_requests_total', 'Answers of this process', totals);
    text.histogram('deckle_request_seconds', 'Time until an answer was out', requests.durations, own);
    text.add('gauge', 'deckle_requests_open', 'Requests being answered', [[own, requests.open]]);
  }
  const pool = source.db.poolUsage?.();
  text.add('gauge', 'deckle_database_connections', 'Connections of the process, and who waits for one', [
    [{ ...own, state: 'open' }, pool?.open],
    [{ ...own, state: 'idle' }, pool?.idle],
    [{ ...own, state: 'awaited' }, pool?.awaited],
  ]);
  text.add('gauge', 'deckle_registered', 'Whether the registration of the process counts', [
    [own, source.hasLease() ? 1 : 0],
  ]);
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  text.add('gauge', 'deckle_process_resident_bytes', 'Memory of this process', [[own, rss]]);
  text.add('gauge', 'deckle_process_heap_bytes', 'Used heap of this process', [[own, heapUsed]]);
  text.add('counter', 'deckle_process_cpu_seconds_total', 'Processor time of this process', [
    [own, (user + system) / 1e6],
  ]);
  text.add('gauge', 'process_start_time_seconds', 'Start, in seconds since 1970.', [
    [own, Date.now() / 1000 - process.uptime()],
  ]);
  // Measured from the first question on: who never asks does not pay.
  if (!delay) {
    delay = monitorEventLoopDelay({ resolution: 20 });
    delay.enable();
  } else if (delay.max > 0) {
    text.add('gauge', 'deckle_process_delay_seconds', 'Longest delay of the event loop since the last question', [
      [own, delay.max / 1e9],
    ]);
    delay.reset();
  }
}
