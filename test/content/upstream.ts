/** A local server that publishes directories of files with a manifest, and misbehaves where told to. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';

type Behaviour = (response: ServerResponse, body: Buffer) => void;

export class Upstream {
  readonly origin: string;
  readonly files: Map<string, Buffer>;
  readonly requests: string[];
  readonly behaviours: Map<string, Behaviour>;

  constructor(origin: string, files: Map<string, Buffer>, requests: string[], behaviours: Map<string, Behaviour>) {
    this.origin = origin;
    this.files = files;
    this.requests = requests;
    this.behaviours = behaviours;
  }

  /** Publishes files and their manifest in a directory; answers the URL of the manifest. */
  publish(directory: string, files: Readonly<Record<string, string>>, manifest = manifestOf(files)): string {
    for (const path of this.files.keys()) if (path.startsWith(`/${directory}/`)) this.files.delete(path);
    for (const [path, text] of Object.entries(files)) {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      this.files.set(`/${directory}/${encoded}`, Buffer.from(text));
    }
    this.files.set(`/${directory}/PULP_MANIFEST`, Buffer.from(manifest));
    return `${this.origin}/${directory}/PULP_MANIFEST`;
  }

  remove(path: string): void {
    this.files.delete(path);
  }
}

export function manifestOf(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([path, text]) => `${path},${sha256Of(text)},${Buffer.byteLength(text)}\n`)
    .join('');
}

/** The body breaks off in the middle. */
export const truncated: Behaviour = (response, body) => {
  response.writeHead(200, { 'content-length': body.length });
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
};

export const unavailable: Behaviour = (response) => void response.writeHead(503).end();

export async function useUpstream(): Promise<Upstream> {
  const files = new Map<string, Buffer>();
  const requests: string[] = [];
  const behaviours = new Map<string, Behaviour>();
  const server = createServer((request, response) => {
    const path = request.url!;
    requests.push(path);
    const body = files.get(path.split('?')[0]!);
    if (!body) return void response.writeHead(404).end();
    const behave = behaviours.get(path);
    if (behave) return behave(response, body);
    response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Upstream(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, files, requests, behaviours);
}
