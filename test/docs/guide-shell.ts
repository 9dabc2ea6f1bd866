/** Runs shell blocks of the guides for users: in one directory, against a test server, with an upstream in place of example.com. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter } from 'node:path';
import { after } from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { UpstreamIndex } from '../python/upstream.ts';
import { zip } from '../support/python-archives.ts';
import { makeDataDirectory, type TestServer } from '../support/server.ts';

/** What https://example.com is in the guides, whatever the directory. */
export const upstreamFiles: Readonly<Record<string, string>> = { 'hello.txt': 'hello\n', 'more/world.txt': 'world\n' };

/** Origin of a server that has the files in every directory. */
export async function useExampleUpstream(): Promise<string> {
  const manifest = Object.entries(upstreamFiles).map(([path, text]) => `${path},${sha256Of(text)},${text.length}\n`);
  const files: Readonly<Record<string, string>> = { ...upstreamFiles, PULP_MANIFEST: manifest.join('') };
  const server = createServer((request, response) => {
    const text = files[request.url!.split('/').slice(2).join('/')];
    if (text === undefined) response.writeHead(404);
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A wheel with all that installers look for. */
export function installableWheel(name: string, version: string): { body: Buffer; metadata: Buffer } {
  const info = `${name}-${version}.dist-info`;
  const metadata = `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`;
  const files = {
    [`${name}.py`]: '',
    [`${info}/METADATA`]: metadata,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  };
  const record = [...Object.keys(files), `${info}/RECORD`].map((path) => `${path},,\n`).join('');
  const members = Object.entries({ ...files, [`${info}/RECORD`]: record });
  return {
    body: zip(members.map(([path, text]) => ({ name: path, data: Buffer.from(text) }))),
    metadata: Buffer.from(metadata),
  };
}

/** URL of what https://pypi.example.com/ is in the guides: an index of one project. */
export async function useExampleIndex(): Promise<string> {
  const index = await UpstreamIndex.start();
  after(() => index.close());
  for (const version of ['0.9', '1.0', '1.1']) {
    const { body, metadata } = installableWheel('hello', version);
    index.add({ project: 'hello', version, filename: `hello-${version}-py3-none-any.whl`, body, metadata });
  }
  return index.url;
}

export interface Shell {
  /** Runs lines up to the first that fails; answers what they wrote. Throws with that when one fails. */
  run(text: string): Promise<string>;
}

/** `path` goes before the program search path; `index` stands for the index of the guides. */
export function useShell(server: TestServer, upstream: string, path: readonly string[] = [], index = ''): Shell {
  const directory = makeDataDirectory();
  const env = {
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    PATH: [...path, process.env.PATH].join(delimiter),
    DECKLE: server.url,
    DECKLE_PASSWORD: server.adminPassword,
    LC_ALL: 'C.UTF-8',
  };
  return {
    async run(text) {
      const lines = text
        .replaceAll('http://127.0.0.1:8080', server.url)
        .replaceAll('https://example.com', upstream)
        .replaceAll('https://pypi.example.com/', index);
      const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', lines], {
        cwd: directory,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(`This failed with code ${code}:\n${lines}\nIt said:\n${said}`);
      return said;
    },
  };
}
