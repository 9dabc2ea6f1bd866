/** A small upstream index in the test's process, and packages made for it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { sha256Of } from '../../src/lib/digest.ts';
import { tar, zip } from '../../src/plugins/python/formats/test-archives.ts';

const metadataOf = (name: string, version: string) =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nSummary: a package\nRequires-Python: >=3.8\n\nabout ${name}\n`;

/** A source distribution with nothing but its metadata; `salt` makes other bytes of it. */
export function makeSdist(name: string, version: string, salt = ''): Buffer {
  const data = Buffer.from(metadataOf(name, version) + salt);
  return gzipSync(tar([{ name: `${name}-${version}/PKG-INFO`, data }]));
}

/** A wheel with nothing but its metadata. */
export function makeWheel(name: string, version: string): { file: Buffer; metadata: Buffer } {
  const metadata = Buffer.from(metadataOf(name, version));
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

export class UpstreamIndex {
  readonly requests: string[] = [];
  readonly #files: UpstreamFile[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push(request.url!);
      // The peer takes nothing of an index that tells no serial.
      response.setHeader('X-PyPI-Last-Serial', '1');
      const isDocument = request.url!.startsWith('/pypi/');
      const body = this.#answer(request.url!.replace(/\?.*/, ''));
      response.statusCode = body === undefined ? 404 : 200;
      if (body && !(body instanceof Uint8Array))
        response.setHeader('Content-Type', isDocument ? 'application/json' : 'application/vnd.pypi.simple.v1+json');
      response.end(body instanceof Uint8Array ? body : JSON.stringify(body));
    });
  }

  static async start(): Promise<UpstreamIndex> {
    const index = new UpstreamIndex();
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

  #answer(path: string): object | undefined {
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

  #page(name: string, files: readonly UpstreamFile[]): object {
    return { meta: META, name, files: files.map((file) => this.#simple(file)) };
  }

  #simple({ filename, body, metadata, yanked, provenance }: UpstreamFile): object {
    return {
      filename,
      url: `${this.url}files/${filename}`,
      hashes: { sha256: sha256Of(body) },
      'core-metadata': metadata ? { sha256: sha256Of(metadata) } : false,
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
      releases: Object.fromEntries(Object.entries(releases).map(([version, list]) => [version, list!.map(describe)])),
    };
  }
}
