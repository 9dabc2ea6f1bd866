/** An upstream server whose faults can be chosen by path. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseByteRange } from '../../src/lib/http/byte-range.ts';
import { listen } from './world.ts';

export interface Behaviour {
  body?: Buffer;
  status?: number;
  /** Cuts the connection after so many bytes, each time or only the first. */
  cutAt?: number;
  cutOnce?: boolean;
  /** Sends pieces of this size with a pause between them. */
  piece?: number;
  pause?: number;
  ranges?: boolean;
  withoutLength?: boolean;
  headers?: Record<string, string>;
}

export class Upstream {
  readonly files = new Map<string, Behaviour>();
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[] = [];
  readonly server: Server;
  readonly url: string;

  constructor(server: Server, port: number) {
    this.server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Upstream> {
    let upstream: Upstream | undefined;
    const { server, port } = await listen((request, response) => void upstream!.answer(request, response));
    upstream = new Upstream(server, port);
    return upstream;
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path === path).length;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!;
    const { range, authorization } = request.headers;
    this.requests.push({ path, range, authorization });
    const file = this.files.get(path);
    if (!file?.body) {
      response.writeHead(file?.status ?? 404, { 'content-length': 0, ...file?.headers });
      response.end();
      return;
    }
    const wanted = file.ranges ? parseByteRange(range, file.body.length) : undefined;
    const body = typeof wanted === 'object' ? file.body.subarray(wanted.start, wanted.end + 1) : file.body;
    const headers: Record<string, string> = { etag: '"up"', ...file.headers };
    if (!file.withoutLength) headers['content-length'] = String(body.length);
    if (typeof wanted === 'object')
      headers['content-range'] = `bytes ${wanted.start}-${wanted.end}/${file.body.length}`;
    response.writeHead(typeof wanted === 'object' ? 206 : 200, headers);
    await this.#send(response, file, body);
  }

  async #send(response: ServerResponse, file: Behaviour, body: Buffer): Promise<void> {
    const { cutAt, piece = 256 * 1024, pause = 0 } = file;
    if (file.cutOnce) delete file.cutAt;
    for (let at = 0; at < body.length; at += piece) {
      const part = body.subarray(at, Math.min(at + piece, cutAt ?? body.length));
      await new Promise((resolve) => response.write(part, resolve));
      if (cutAt !== undefined && at + piece >= cutAt) {
        response.socket?.destroy();
        return;
      }
      if (pause > 0) await sleep(pause);
      if (response.destroyed) return;
    }
    response.end();
  }
}
