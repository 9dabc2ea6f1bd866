/** An upstream of a few files in the process of the test: it can change, hold an answer back, and counts what it is asked for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import type { UpstreamFile, UpstreamTree } from './plugin-conformance.ts';

/** A path whose answer waits. */
export interface Held {
  /** Somebody has asked for it. */
  readonly asked: Promise<void>;
  release(): void;
}

interface Gate {
  readonly asked: PromiseWithResolvers<void>;
  readonly open: PromiseWithResolvers<void>;
}

export class SampleUpstream {
  tree: UpstreamTree = {};
  readonly requests: string[] = [];
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  /** Paths whose answers break off in the middle. */
  readonly broken = new Set<string>();
  readonly #gates = new Map<string, Gate>();

  static async start(): Promise<SampleUpstream> {
    const upstream = new SampleUpstream();
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve));
    after(() => {
      upstream.#server.closeAllConnections();
      upstream.#server.close();
    });
    return upstream;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The path at which the tree has these bytes. */
  pathOf(bytes: Buffer): string {
    const found = Object.entries(this.tree).find(([, file]) => bodyOf(file).equals(bytes));
    if (!found) throw new Error('The upstream has no file with these bytes');
    return found[0];
  }

  hold(path: string): Held {
    const gate = { asked: Promise.withResolvers<void>(), open: Promise.withResolvers<void>() };
    this.#gates.set(path, gate);
    return {
      asked: gate.asked.promise,
      release: () => {
        this.#gates.delete(path);
        gate.open.resolve();
      },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url!, 'http://upstream').pathname);
    this.requests.push(path);
    const gate = this.#gates.get(path);
    gate?.asked.resolve();
    await gate?.open.promise;
    const file = this.tree[path];
    if (file === undefined) return void response.writeHead(404).end();
    if (typeof file === 'object' && 'type' in file) response.setHeader('content-type', file.type);
    if (this.broken.has(path)) return breakOff(bodyOf(file), response);
    sendPart(request.headers.range, bodyOf(file), response);
  }
}

/** On demand, parts are asked of upstream as the client has asked for them. */
function sendPart(range: string | undefined, body: Buffer, response: ServerResponse): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === undefined) return void response.setHeader('content-length', body.length).end(body);
  const end = last ? Math.min(Number(last), body.length - 1) : body.length - 1;
  const part = body.subarray(Number(first), end + 1);
  response.writeHead(206, {
    'content-range': `bytes ${first}-${end}/${body.length}`,
    'content-length': part.length,
  });
  response.end(part);
}

function breakOff(body: Buffer, response: ServerResponse): void {
  response.setHeader('content-length', body.length);
  response.write(body.subarray(0, body.length / 2), () => response.destroy());
}

/** Each file that is equal to these bytes is of other bytes of the same length from now on. */
export function withOtherBytes(tree: UpstreamTree, bytes: Buffer): UpstreamTree {
  const spoilt = Buffer.from(bytes);
  spoilt[0]! ^= 0xff;
  const files = Object.entries(tree).map(([path, file]) => [path, bodyOf(file).equals(bytes) ? spoilt : file]);
  return Object.fromEntries(files);
}

export function bodyOf(file: UpstreamFile): Buffer {
  if (typeof file === 'string') return Buffer.from(file);
  return Buffer.isBuffer(file) ? file : bodyOf(file.body);
}
