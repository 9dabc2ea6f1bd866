/** The content app beside the API of a test, over the same services. */
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { buildContent } from '../../src/app/program/content.ts';
import type { TestApi } from './api.ts';

export interface ContentReply {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Asks for a path below the content prefix, or for a whole path. */
export type Ask = (path: string, headers?: Record<string, string>) => Promise<ContentReply>;

export async function useContent({ program, services }: TestApi): Promise<Ask> {
  const content = buildContent(program, services, () => undefined);
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => void content.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  after(async () => {
    server.closeAllConnections();
    server.close();
    await content.close();
  });
  return (path, headers = {}) => get(port, path.startsWith('/') ? path : `/pulp/content/${path}`, headers);
}

function get(port: number, path: string, headers: Record<string, string>): Promise<ContentReply> {
  return new Promise((resolve, reject) => {
    const request = send({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          reason: response.statusMessage!,
          headers: response.headers,
          text: Buffer.concat(pieces).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}
