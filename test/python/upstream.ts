/** A small upstream index in the test's process, and packages made for it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import type { IndexFile } from '../../src/plugins/python/formats/index/index-file.ts';
import { writeProjectPage } from '../../src/plugins/python/formats/index/simple-html.ts';
import { tar, zip } from '../support/python-archives.ts';

const metadataOf = (name: string, version: string) =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nSummary: a package\nRequires-Python: >=3.8\n\nabout ${name}\n`;

/** A source distribution with nothing but its metadata; `salt` makes other bytes of it. */
export function makeSdist(name: string, version: string, salt = ''): Buffer {
  const data = Buffer.from(metadataOf(name, version) + salt);
  return gzipSync(tar([{ name: `${name}-${version}/PKG-INFO`, data }]));
}

/** A wheel with nothing but its metadata; `salt` makes other bytes of it. */
export function makeWheel(name: string, version: string, salt = ''): { file: Buffer; metadata: Buffer } {
  const metadata = Buffer.from(metadataOf(name, version) + salt);
  return { file: zip([{ name: `${name}-${version}.dist-info/METADATA`, data: metadata }]), metadata };
}

const META = { 'api-version': '1.1' };

interface UpstreamFile {
  readonly project: string;
  readonly version: string;
  readonly filename: string;
  readonly body: Buffer;
  readonly metadata?: Buffer;
  readonly yanked?: string;
  readonly provenance?: object;
}

interface UpstreamOptions {
  /** Lists its projects to programs that ask by XML-RPC, as the public index does. */
  readonly xmlRpc?: boolean;
  /** The simple pages are in HTML, whatever is asked for. */
  readonly html?: boolean;
}

export class UpstreamIndex {
  readonly requests: string[] = [];
  readonly #files: UpstreamFile[] = [];
  readonly #server: Server;
  readonly #isHtml: boolean;

  private constructor({ xmlRpc = false, html = false }: UpstreamOptions) {
    this.#isHtml = html;
    this.#server = createServer((request, response) => {
      this.requests.push(request.url!);
      if (xmlRpc && request.method === 'POST') return response.setHeader('Content-Type', 'text/xml').end(this.#names());
      // The peer takes nothing of an index that tells no serial.
      response.setHeader('X-PyPI-Last-Serial', '1');
      const isDocument = request.url!.startsWith('/pypi/');
      const body = this.#answer(request.url!.replace(/\?.*/, ''));
      response.statusCode = body === undefined ? 404 : 200;
      if (body && !(body instanceof Uint8Array))
        response.setHeader('Content-Type', isDocument ? 'application/json' : 'application/vnd.pypi.simple.v1+json');
      if (typeof body === 'string') response.setHeader('Content-Type', 'text/html');
      response.end(body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  static async start(options: UpstreamOptions = {}): Promise<UpstreamIndex> {
    const index = new UpstreamIndex(options);
    await new Promise<void>((resolve) => index.#server.listen(0, '127.0.0.1', resolve));
    return index;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  get projects(): string[] {
    return [...new Set(this.#files.map(({ project }) => project))];
  }

  add(file: UpstreamFile): void {
    this.#files.push(file);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(path: string): object | string | undefined {
    const [, first, second, third] = path.split('/');
    if (first === 'files') return this.#bytes(second!);
    if (first === 'provenance') return this.#files.find(({ filename }) => filename === second)?.provenance;
    const files = this.#files.filter(({ project }) => project === second);
    if (first === 'simple' && !second) return { meta: META, projects: this.projects.map((name) => ({ name })) };
    if (files.length === 0) return undefined;
    if (first === 'pypi' && third === 'json') return this.#document(files);
    if (first === 'simple') return this.#page(second!, files);
    const ofVersion = files.filter(({ version }) => version === third);
    return first !== 'pypi' || ofVersion.length === 0 ? undefined : this.#document(ofVersion);
  }

  #bytes(name: string): Buffer | undefined {
    const isMetadata = name.endsWith('.metadata');
    const file = this.#files.find(({ filename }) => filename === name.replace(/\.metadata$/, ''));
    return isMetadata ? file?.metadata : file?.body;
  }

  /** What XML-RPC calls a struct: each project with a serial. */
  #names(): string {
    const members = this.projects.map((name) => `<member><name>${name}</name><value><int>1</int></value></member>`);
    return `<?xml version="1.0"?><methodResponse><params><param><value><struct>${members.join('')}</struct></value></param></params></methodResponse>`;
  }

  #page(name: string, files: readonly UpstreamFile[]): object | string {
    if (this.#isHtml)
      return writeProjectPage(
        name,
        files.map((file) => this.#inHtml(file)),
      );
    return { meta: META, name, files: files.map((file) => this.#simple(file)) };
  }

  #inHtml({ filename, body, metadata, yanked, provenance }: UpstreamFile): IndexFile {
    return {
      filename,
      url: `../../files/${filename}`,
      hashes: { sha256: sha256Of(body) },
      requiresPython: '>=3.8',
      metadata: metadata ? { sha256: sha256Of(metadata) } : null,
      yanked: yanked ?? null,
      size: null,
      uploadTime: null,
      provenance: provenance ? `${this.url}provenance/${filename}` : null,
    };
  }

  #simple({ filename, body, metadata, yanked, provenance }: UpstreamFile): object {
    return {
      filename,
      url: `${this.url}files/${filename}`,
      hashes: { sha256: sha256Of(body) },
      'core-metadata': metadata ? { sha256: sha256Of(metadata) } : false,
      'requires-python': '>=3.8',
      size: body.length,
      'upload-time': '2024-05-06T07:08:09.101112Z',
      yanked: yanked ?? false,
      ...(provenance && { provenance: `${this.url}provenance/${filename}` }),
    };
  }

  #document(files: readonly UpstreamFile[]): object {
    const releases = Object.groupBy(files, ({ version }) => version);
    const describe = ({ filename, body }: UpstreamFile) => ({
      filename,
      url: `${this.url}files/${filename}`,
      digests: { sha256: sha256Of(body) },
      packagetype: filename.endsWith('.whl') ? 'bdist_wheel' : 'sdist',
      python_version: filename.endsWith('.whl') ? 'py3' : 'source',
      requires_python: '>=3.8',
      size: body.length,
    });
    return {
      info: {
        name: files[0]!.project,
        version: files.at(-1)!.version,
        summary: 'told by upstream',
        requires_dist: null,
      },
      urls: files.filter(({ version }) => version === files.at(-1)!.version).map(describe),
      last_serial: 1,
      releases: Object.fromEntries(Object.entries(releases).map(([version, list]) => [version, list!.map(describe)])),
    };
  }
}
