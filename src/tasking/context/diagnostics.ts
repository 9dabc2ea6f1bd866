/** Records what a task was asked to record of itself: memory, log lines, a profile of the processor (core.md §2.9). */
import { Session } from 'node:inspector/promises';
import { inspect } from 'node:util';
import type { Logger, Services } from '../../plugin-api/contracts/context.ts';

const diagnosticNames = ['memory', 'logs', 'debug-logs', 'cpu-profile'] as const;
type DiagnosticName = (typeof diagnosticNames)[number];

/** One recording under way; answers the text that it has made. */
interface Recording {
  /** Of what is kept, as clients of Pulp look for it; both kinds of logs are one thing there. */
  readonly name: 'memory_profile' | 'task_logs' | 'cpu-profile';
  stop(): Promise<string> | string;
}

const SAMPLE = 1000;
/** Longest log that is kept, in characters. */
const LONGEST = 16 * 1024 * 1024;

/** Names that were asked for and are allowed; others are ignored, as clients expect. */
export function wantedDiagnostics(asked: readonly string[] | null, allowed: readonly string[]): DiagnosticName[] {
  return diagnosticNames.filter((name) => asked?.includes(name) && allowed.includes(name));
}

export class Diagnostics {
  /** The services of the task: their logger is listened to where that was asked for. */
  readonly services: Services;
  readonly #recordings: readonly Recording[];

  private constructor(services: Services, recordings: readonly Recording[]) {
    this.services = services;
    this.#recordings = recordings;
  }

  static async start(services: Services, names: readonly DiagnosticName[]): Promise<Diagnostics> {
    const lines = new LogLines();
    const detailed = new LogLines();
    const recordings: Recording[] = [];
    for (const name of names) {
      if (name === 'memory') recordings.push(recordMemory());
      if (name === 'cpu-profile') recordings.push(await recordProcessor());
    }
    const { logger } = services;
    const tee = names.includes('logs') || names.includes('debug-logs');
    const kept = names.includes('debug-logs') ? detailed : lines;
    if (tee) recordings.push({ name: 'task_logs', stop: () => kept.text });
    return new Diagnostics(tee ? { ...services, logger: listening(logger, lines, detailed) } : services, recordings);
  }

  /** Ends all recordings; what was recorded by name. */
  async stop(): Promise<Map<string, string>> {
    const recorded = new Map<string, string>();
    for (const { name, stop } of this.#recordings) recorded.set(name, await stop());
    return recorded;
  }
}

/** Resident memory of the process in MiB, a line a second: seconds since the start, a tab, the size. */
function recordMemory(): Recording {
  const started = performance.now();
  const lines: string[] = [];
  const sample = () => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    lines.push(`${seconds}\t${(process.memoryUsage.rss() / 2 ** 20).toFixed(1)}\n`);
  };
  sample();
  const timer = setInterval(sample, SAMPLE);
  timer.unref();
  return {
    name: 'memory_profile',
    stop() {
      clearInterval(timer);
      sample();
      return `# Seconds\tMemory in MiB\n${lines.join('')}`;
    },
  };
}

/** In the form that browsers' tools open (.cpuprofile). */
async function recordProcessor(): Promise<Recording> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return {
    name: 'cpu-profile',
    async stop() {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      return JSON.stringify(profile);
    },
  };
}

class LogLines {
  #text = '';

  get text(): string {
    return this.#text;
  }

  /** Details may hold what only the log's own masking hides: of them errors alone are told. */
  add(level: string, details: object, message: string): void {
    if (this.#text.length > LONGEST) return;
    const { err } = details as { err?: unknown };
    const error = err === undefined ? '' : `\n${err instanceof Error ? err.stack : inspect(err)}`;
    this.#text += `${new Date().toISOString()} ${level}: ${message}${error}\n`;
  }
}

function listening(logger: Logger, lines: LogLines, detailed: LogLines): Logger {
  const at =
    (level: keyof Logger) =>
    (details: object, message: string): void => {
      logger[level](details, message);
      detailed.add(level.toUpperCase(), details, message);
      if (level !== 'debug') lines.add(level.toUpperCase(), details, message);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
