/** The access log: one line per request, collected and written a few times a second so that it costs requests nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Milliseconds a line may wait. */
const DELAY = 200;
/** Characters that are written at once. */
const FULL = 64 * 1024;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export class AccessLog {
  readonly #write: (text: string) => void;
  #lines = '';
  #timer: NodeJS.Timeout | undefined;
  #second = 0;
  #stamp = '';

  constructor(write: (text: string) => void = (text) => void process.stderr.write(text)) {
    this.#write = write;
  }

  /** Notes a request whose answer has gone out, or whose connection has. */
  add(request: IncomingMessage, response: ServerResponse, client = '-'): void {
    const { method, url, httpVersion, headers } = request;
    const cid = response.getHeader('Correlation-ID') ?? '-';
    const bytes = response.getHeader('Content-Length') ?? '-';
    const line = `deckle [${cid}]: ${client} - - [${this.#now()}] "${method} ${clean(url)} HTTP/${httpVersion}" ${response.statusCode} ${bytes} "${clean(headers.referer)}" "${clean(headers['user-agent'])}"\n`;
    this.#lines += line;
    if (this.#lines.length > FULL) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), DELAY).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines !== '') this.#write(this.#lines);
    this.#lines = '';
  }

  /** `22/Nov/2026:15:04:05 +0000`, made once a second. */
  #now(): string {
    const second = Math.floor(Date.now() / 1000);
    if (second === this.#second) return this.#stamp;
    this.#second = second;
    const time = new Date(second * 1000);
    const pad = (value: number) => String(value).padStart(2, '0');
    const day = `${pad(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
    this.#stamp = `${day}:${pad(time.getUTCHours())}:${pad(time.getUTCMinutes())}:${pad(time.getUTCSeconds())} +0000`;
    return this.#stamp;
  }
}

/** What a client sent, without what could forge lines. */
function clean(text: string | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
  return text === undefined ? '-' : text.replace(/[\u0000-\u001f"\\\u007f]/g, '?').slice(0, 2000);
}
