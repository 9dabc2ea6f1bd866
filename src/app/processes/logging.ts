/** The log: one line a message on standard error, as text or JSON, with the correlation id and without secrets. */
import { inspect } from 'node:util';
import pino from 'pino';
import type { Settings } from '../../config/settings.ts';
import { correlationId } from '../../lib/process/correlation.ts';
import type { Logger } from '../../plugin-api/contracts/context.ts';

/** A logger that can make others with a name of their own, such as `pulpcore.tasking`. */
export interface AppLogger extends Logger {
  fatal(details: object, message: string): void;
  named(name: string): AppLogger;
  isLevelEnabled(level: string): boolean;
}

/** Where the lines go; standard error unless a test wants them. */
interface LogSink {
  write(line: string): void;
}

const secretNames = [
  'password',
  'secret',
  'secret_key',
  'secretKey',
  'token',
  'access_token',
  'authorization',
  'cookie',
  'client_key',
  'proxy_password',
  'databaseUrl',
  'database_url',
];
const hidden = '***';

export function createLogger(
  settings: Pick<Settings, 'logLevel' | 'logFormat'>,
  name: string,
  sink?: LogSink,
): AppLogger {
  const target = sink ?? pino.destination({ fd: 2, sync: true });
  const stream =
    settings.logFormat === 'text' ? { write: (line: string) => void target.write(textLine(line)) } : target;
  const root = pino(
    {
      level: settings.logLevel,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ cid: correlationId() }),
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      redact: { paths: secretNames.flatMap((secret) => [secret, `*.${secret}`, `*.*.${secret}`]), censor: hidden },
      hooks: { streamWrite: hideCredentials },
    },
    stream,
  );
  return wrap(root, name);
}

function wrap(parent: pino.Logger, name: string): AppLogger {
  const logger = parent.child({ logger: name });
  const bound = (level: 'debug' | 'info' | 'warn' | 'error' | 'fatal') => (details: object, message: string) =>
    logger[level](details, message);
  return {
    debug: bound('debug'),
    info: bound('info'),
    warn: bound('warn'),
    error: bound('error'),
    fatal: bound('fatal'),
    named: (other) => wrap(parent, other),
    isLevelEnabled: (level) => logger.isLevelEnabled(level),
  };
}

/** URLs in messages may carry a user and a password. */
function hideCredentials(line: string): string {
  return line.includes('@') ? line.replace(/(\w:\/\/[^/\s:@"']*):[^/\s@"']+@/g, `$1:${hidden}@`) : line;
}

const levelNames: Record<string, string> = { trace: 'DEBUG', warn: 'WARNING', fatal: 'CRITICAL' };

interface Line {
  level: string;
  time: string;
  logger: string;
  cid: string | null;
  msg?: string;
  err?: { stack?: string; message?: string };
}

/** `<time> deckle [<cid>]: <logger>:<LEVEL>: <message>`, then details, then the stack of an error. */
function textLine(json: string): string {
  const { level, time, logger, cid, msg = '', err, ...details } = JSON.parse(json) as Line;
  const head = `${time} deckle [${cid ?? '-'}]: ${logger}:${levelNames[level] ?? level.toUpperCase()}: ${msg}`;
  const rest = Object.entries(details).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : inspect(value, { breakLength: Infinity })}`,
  );
  const stack = err ? `\n${err.stack ?? err.message}` : '';
  return `${head}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}${stack}\n`;
}
