/** `/metrics` in the text format of Prometheus: what this process answered, and what the database knows of the whole server. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { authenticate } from '../access/authenticate.ts';
import { VerifiedPasswords } from '../access/verified-passwords.ts';
import { sql } from '../db/sql.ts';
import { HttpError } from '../lib/errors.ts';
import type { Services } from '../plugin-api/context.ts';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly values: readonly (readonly [Labels, number])[];
}

const PATH = '/metrics';
/** Answers that took longer are counted in none but the last bucket; in seconds. */
const BUCKETS = [0.01, 0.05, 0.25, 1, 5, 30] as const;

/** Counts answers of this process. */
export class RequestMetrics {
  readonly #counts = new Map<string, number>();
  readonly #buckets = new Array<number>(BUCKETS.length).fill(0);
  #seconds = 0;
  #total = 0;

  watch(request: IncomingMessage, response: ServerResponse): void {
    const started = performance.now();
    response.once('close', () => {
      const key = `${request.method} ${Math.floor(response.statusCode / 100)}xx`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      const seconds = (performance.now() - started) / 1000;
      this.#seconds += seconds;
      this.#total++;
      for (const [index, limit] of BUCKETS.entries()) if (seconds <= limit) this.#buckets[index]!++;
    });
  }

  text(process: Labels): string {
    const requests = [...this.#counts].map(([key, count]) => {
      const [method = '', status = ''] = key.split(' ');
      return [{ ...process, method, status }, count] as const;
    });
    const name = 'deckle_request_seconds';
    const buckets = BUCKETS.map((limit, index) =>
      sample(`${name}_bucket`, { ...process, le: String(limit) }, this.#buckets[index]!),
    );
    return [
      metricText({ name: 'deckle_requests_total', help: 'Answers of this process', type: 'counter', values: requests }),
      `# HELP ${name} Time until an answer was out\n# TYPE ${name} histogram\n`,
      ...buckets,
      sample(`${name}_bucket`, { ...process, le: '+Inf' }, this.#total),
      sample(`${name}_sum`, process, this.#seconds),
      sample(`${name}_count`, process, this.#total),
    ].join('');
  }
}

/** Only administrators may ask; answers 401 and 403 to others. */
export class MetricsFace {
  readonly #services: Services;
  readonly #requests: RequestMetrics;
  readonly #passwords = new VerifiedPasswords();

  constructor(services: Services, requests: RequestMetrics) {
    this.#services = services;
    this.#requests = requests;
  }

  matches(url: string): boolean {
    return url === PATH || url.startsWith(`${PATH}?`);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { user } = await authenticate(this.#services, this.#passwords, 'GET', request);
      if (!user) throw new HttpError(401, 'Authentication credentials were not provided.');
      if (!user.isSuperuser) throw new HttpError(403, 'You do not have permission to perform this action.');
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const head = error.status === 401 ? { 'WWW-Authenticate': 'Basic realm="deckle"' } : {};
      response.writeHead(error.status, { 'Content-Type': 'text/plain', ...head }).end(`${error.message}\n`);
      return;
    }
    await this.answer(response);
  }

  /** A server of its own for an address that only the monitoring can reach: everybody may ask. */
  server(): Server {
    return createServer((request, response) => {
      if (this.matches(request.url ?? '')) void this.answer(response).catch(() => response.destroy());
      else response.writeHead(404).end();
    });
  }

  async answer(response: ServerResponse): Promise<void> {
    const text =
      this.#requests.text({ pid: String(process.pid) }) + processText() + (await databaseText(this.#services));
    response.writeHead(200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(text);
  }
}

function processText(): string {
  const labels = { pid: String(process.pid) };
  const { user, system } = process.cpuUsage();
  return [
    one('deckle_process_cpu_seconds_total', 'counter', 'Processor time of this process', labels, (user + system) / 1e6),
    one('deckle_process_resident_bytes', 'gauge', 'Memory of this process', labels, process.memoryUsage.rss()),
    one('deckle_process_uptime_seconds', 'gauge', 'Age of this process', labels, process.uptime()),
  ].join('');
}

interface Facts {
  waiting: number;
  running: number;
  oldest: number | null;
  processes: { app_type: string; online: boolean; count: number }[];
  backup: number | null;
}

/** Without a database only its absence is told. */
async function databaseText({ db }: Services): Promise<string> {
  const facts = await db
    .row<Facts>(sql`
      select (select count(*) from task where state = 'waiting') as waiting,
        (select count(*) from task where state in ('running', 'canceling')) as running,
        (select extract(epoch from clock_timestamp() - min(unblocked_at))::float8 from task
          where state = 'waiting' and unblocked_at is not null) as oldest,
        (select coalesce(json_agg(p), '[]') from (select app_type,
            last_heartbeat > clock_timestamp() - make_interval(secs => ttl) as online, count(*) as count
          from app_status group by 1, 2) p) as processes,
        (select extract(epoch from (last_backup ->> 'finished_at')::timestamptz)::float8 from server_state) as backup`)
    .catch(() => undefined);
  const up = one('deckle_database_up', 'gauge', 'Whether the database answers', {}, facts ? 1 : 0);
  if (!facts) return up;
  const processes = facts.processes.map(
    ({ app_type, online, count }) => [{ type: app_type, state: online ? 'online' : 'missing' }, count] as const,
  );
  return [
    up,
    one('deckle_tasks_waiting', 'gauge', 'Tasks in the queue', {}, facts.waiting),
    one('deckle_tasks_running', 'gauge', 'Tasks that run', {}, facts.running),
    one(
      'deckle_tasks_oldest_ready_seconds',
      'gauge',
      'How long the oldest task that could run waits',
      {},
      facts.oldest ?? 0,
    ),
    metricText({ name: 'deckle_processes', help: 'Registered processes', type: 'gauge', values: processes }),
    ...(facts.backup === null
      ? []
      : [one('deckle_last_backup_timestamp_seconds', 'gauge', 'End of the last whole backup', {}, facts.backup)]),
  ].join('');
}

function one(name: string, type: Metric['type'], help: string, labels: Labels, value: number): string {
  return metricText({ name, help, type, values: [[labels, value]] });
}

function metricText({ name, help, type, values }: Metric): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${values.map(([labels, value]) => sample(name, labels, value)).join('')}`;
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text.replace(/[\\"\n]/g, '_')}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
}
