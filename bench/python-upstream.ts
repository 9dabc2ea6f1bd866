/**
 * A made-up index of Python packages: names, versions and digests follow from numbers, so nothing is kept and any size can be had.
 * Run alone: `node bench/python-upstream.ts [port] [projects] [files of each]`
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256Of } from '../src/lib/crypto/digest.ts';

export const projectName = (at: number) => `Project_${String(at).padStart(5, '0')}`;
export const normalizedName = (at: number) => `project-${String(at).padStart(5, '0')}`;

interface MadeFile {
  readonly version: string;
  readonly filename: string;
  readonly packagetype: string;
  readonly python: string;
  readonly sha256: string;
  readonly metadata: string | null;
}

/** A wheel and a source distribution of each release. */
function filesOf(at: number, count: number): MadeFile[] {
  return Array.from({ length: count }, (_, i) => {
    const version = `1.${Math.floor(i / 2)}`;
    const isWheel = i % 2 === 0;
    const filename = isWheel
      ? `${projectName(at)}-${version}-py3-none-any.whl`
      : `${projectName(at)}-${version}.tar.gz`;
    return {
      version,
      filename,
      packagetype: isWheel ? 'bdist_wheel' : 'sdist',
      python: isWheel ? 'py3' : 'source',
      sha256: sha256Of(filename),
      metadata: isWheel ? sha256Of(`${filename}.metadata`) : null,
    };
  });
}

const urlOf = (file: MadeFile) =>
  `http://files.invalid/${file.sha256.slice(0, 2)}/${file.sha256.slice(2)}/${file.filename}`;

function documentOf(at: number, count: number): object {
  const files = filesOf(at, count);
  const releases: Record<string, object[]> = {};
  for (const file of files) {
    releases[file.version] ??= [];
    releases[file.version]!.push({
      filename: file.filename,
      packagetype: file.packagetype,
      python_version: file.python,
      requires_python: '>=3.9',
      digests: { sha256: file.sha256 },
      size: 1000 + at,
      url: urlOf(file),
    });
  }
  const info = {
    name: projectName(at),
    version: files.at(-1)?.version,
    summary: `the project number ${at}`,
    description: `What is there to be said of the project number ${at}. `.repeat(20),
    author: 'Somebody',
    author_email: 'somebody@example.com',
    license: 'MIT',
    classifiers: ['Programming Language :: Python :: 3', 'License :: OSI Approved :: MIT License'],
    requires_dist: [`${normalizedName(at === 0 ? 1 : at - 1)}>=1.0`],
    project_urls: { Homepage: `https://example.com/${at}` },
  };
  return { info, releases, urls: [] };
}

function pageOf(at: number, count: number): object {
  const files = filesOf(at, count).map((file) => ({
    filename: file.filename,
    url: urlOf(file),
    hashes: { sha256: file.sha256 },
    'requires-python': '>=3.9',
    'core-metadata': file.metadata ? { sha256: file.metadata } : false,
    size: 1000 + at,
    yanked: false,
  }));
  return { meta: { 'api-version': '1.1' }, name: normalizedName(at), files };
}

const SIMPLE = 'application/vnd.pypi.simple.v1+json';

function answer(request: IncomingMessage, response: ServerResponse, projects: number, files: number): void {
  // The peer takes nothing of an index that tells no serial.
  response.setHeader('X-PyPI-Last-Serial', '1');
  const send = (type: string, body: string) => response.setHeader('Content-Type', type).end(body);
  const url = request.url!;
  if (url === '/simple/') {
    const links = Array.from(
      { length: projects },
      (_, at) => `<a href="${normalizedName(at)}/">${projectName(at)}</a>`,
    );
    return void send('text/html', `<html><body>${links.join('\n')}</body></html>`);
  }
  const found = /^\/(simple|pypi)\/project[-_](\d+)\//i.exec(url);
  const at = Number(found?.[2] ?? projects);
  if (at >= projects) return void response.writeHead(404).end();
  if (found![1] === 'pypi') send('application/json', JSON.stringify(documentOf(at, files)));
  else send(SIMPLE, JSON.stringify(pageOf(at, files)));
}

/** The URL of an index with so many projects, and what ends it. */
export async function startMadeIndex(
  projects: number,
  files: number,
  port = 0,
): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => answer(request, response, projects, files));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

if (import.meta.main) {
  const [port = 0, projects = 20_000, files = 10] = process.argv.slice(2).map(Number);
  process.stdout.write(`${(await startMadeIndex(projects, files, port)).url}\n`);
}
