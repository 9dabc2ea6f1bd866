/** A local upstream that has every vice: each path of it answers in one way a client should not have to expect. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../../src/lib/crypto/digest.ts';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export const body =
  (text: string): Answer =>
  (response) =>
    void response.end(text);

export const status =
  (code: number): Answer =>
  (response) =>
    void response.writeHead(code).end('no');

export const redirect =
  (to: string): Answer =>
  (response) =>
    void response.writeHead(302, { location: to }).end();

/** Announces the whole text, sends half of it and hangs up. */
export const truncated =
  (text: string): Answer =>
  (response) => {
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) });
    response.write(text.slice(0, text.length >> 1), () => response.destroy());
  };

/** Headers and half of the text, then nothing more. */
export const stuck =
  (text: string): Answer =>
  (response) => {
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) });
    response.write(text.slice(0, text.length >> 1));
  };

/** Never even a header. */
export const silent: Answer = () => {};

/** The whole text after a while. */
export const late =
  (text: string, milliseconds: number): Answer =>
  async (response) => {
    await sleep(milliseconds);
    response.end(text);
  };

export function line(path: string, text: string, wrong: { digest?: string; size?: number } = {}): string {
  return `${path},${wrong.digest ?? sha256Of(text)},${wrong.size ?? Buffer.byteLength(text)}\n`;
}

export interface NastyUpstream {
  readonly origin: string;
  /** Paths asked for. */
  readonly requests: string[];
  /** Sets how paths of a new directory answer; gives the URL of its manifest. */
  directory(paths: Readonly<Record<string, Answer>>): string;
}

export async function useNastyUpstream(): Promise<NastyUpstream> {
  const answers = new Map<string, Answer>();
  const requests: string[] = [];
  let directories = 0;
  const server = createServer((request, response) => {
    requests.push(request.url!);
    (answers.get(request.url!) ?? status(404))(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    requests,
    directory(paths) {
      const base = `/${++directories}`;
      for (const [path, answer] of Object.entries(paths)) answers.set(`${base}/${path}`, answer);
      return `${origin}${base}/PULP_MANIFEST`;
    },
  };
}
