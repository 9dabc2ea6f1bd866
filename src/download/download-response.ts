/** The answer to a download: status, headers, and a body that can be streamed or read whole. */
import { decode } from './content-coding.ts';
import { DownloadError } from './download-error.ts';
import type { ResponseHeaders } from './exchange.ts';

/** Largest body read into memory unless the caller says otherwise. */
const DEFAULT_LIMIT = 256 * 1024 * 1024;

interface ResponseHead {
  status: number;
  reason: string;
  headers: ResponseHeaders;
  /** Where the answer came from in the end, after redirects. */
  url: string;
}

/** Its body must be read, once, or canceled: until then it occupies a connection of the remote. */
export class DownloadResponse {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case. */
  readonly headers: ResponseHeaders;
  readonly url: string;
  /** As sent, not decoded. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly #cancel: () => void;

  constructor(head: ResponseHead, body: AsyncIterable<Uint8Array>, cancel: () => void) {
    this.status = head.status;
    this.reason = head.reason;
    this.headers = head.headers;
    this.url = head.url;
    this.body = body;
    this.#cancel = cancel;
  }

  /** One value of a header. */
  header(name: string): string | undefined {
    const value = this.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** Bytes of the body as the server announced them. */
  get length(): number | undefined {
    const text = this.header('content-length');
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  }

  /** The rest of the body is not wanted; harmless at any time. */
  cancel(): void {
    this.#cancel();
  }

  /** The body without what Content-Encoding names. Throws DownloadError (`refused`) for an unknown coding. */
  decoded(): AsyncIterable<Uint8Array> {
    return decode(this, this.body);
  }

  /** The whole decoded body. Throws DownloadError (`refused`) when it has more than `limit` bytes. */
  async bytes(limit = DEFAULT_LIMIT): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.decoded()) {
      size += piece.byteLength;
      if (size > limit) throw new DownloadError(this.url, 'refused', `The answer has more than ${limit} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces, size);
  }

  /** The whole decoded body as UTF-8. */
  async text(limit?: number): Promise<string> {
    return (await this.bytes(limit)).toString('utf8');
  }

  /** The whole decoded body as JSON. Throws DownloadError (`refused`) when it is none. */
  async json(limit?: number): Promise<unknown> {
    const text = await this.text(limit);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new DownloadError(this.url, 'refused', `The answer is not JSON, url='${this.url}'`, { cause: error });
    }
  }
}
