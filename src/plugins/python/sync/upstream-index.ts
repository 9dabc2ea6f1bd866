/** Reads an upstream index: its projects, and of each the JSON document and the page of the simple index. */
import type { Downloader, DownloadResponse } from '../../../plugin-api/index.ts';
import type { IndexFile } from '../formats/index/index-file.ts';
import { type ProjectDocument, readProjectJson } from '../formats/index/project-json.ts';
import { readIndexPage, readProjectPage } from '../formats/index/read-simple-html.ts';
import { readIndexJson, readProjectDocument } from '../formats/index/read-simple-json.ts';
import { normalizeName } from '../formats/project-name.ts';
import { isRefusal, jsonOf, orRefuse, pageOf, UpstreamRefusal, unrecognized } from './upstream-answer.ts';

const MIB = 1024 * 1024;
/** Largest pages that are read: the index of a very large upstream, and one project with very many files. */
const MAX_INDEX = 256 * MIB;
const MAX_PROJECT = 128 * MIB;

/** JSON is preferred: it tells more. */
const SIMPLE_ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01';

export class UpstreamIndex {
  readonly #downloader: Downloader;
  readonly #root: string;
  readonly #signal: AbortSignal;
  readonly #retries: number | undefined;

  constructor(downloader: Downloader, url: string, signal: AbortSignal, retries?: number) {
    this.#downloader = downloader;
    this.#root = url.endsWith('/') ? url : `${url}/`;
    this.#signal = signal;
    this.#retries = retries;
  }

  /** Names of all projects, from XML-RPC where upstream still has it, else from the simple index. */
  async projects(): Promise<string[]> {
    return (await this.#byXmlRpc()) ?? (await this.#fromSimple());
  }

  /** The document of a project; undefined when upstream has no such project. */
  async project(name: string): Promise<ProjectDocument | undefined> {
    return await this.#document(name, 'json');
  }

  /** The document of one release, which also tells its files. */
  async release(name: string, version: string): Promise<ProjectDocument | undefined> {
    return await this.#document(name, `${encodeURIComponent(version)}/json`);
  }

  async #document(name: string, rest: string): Promise<ProjectDocument | undefined> {
    const response = await this.#ofProject(name, 'application/json', (part) => `pypi/${part}/${rest}`);
    if (!response) return undefined;
    const json = await jsonOf(response, MAX_PROJECT);
    const document = orRefuse(() => readProjectJson(json, response.url));
    return document ?? unrecognized(response, 'the document of a project');
  }

  /** Files of a project as the simple index has them; undefined when it has no such page. */
  async files(name: string): Promise<IndexFile[] | undefined> {
    const response = await this.#ofProject(name, SIMPLE_ACCEPT, (part) => `simple/${part}/`);
    if (!response) return undefined;
    const page = await pageOf(response, MAX_PROJECT);
    const files =
      'json' in page ? readProjectDocument(page.json, response.url) : readProjectPage(page.html, response.url);
    return files ?? unrecognized(response, 'the page of a project');
  }

  /** By the normalized name, which indexes of plain files have alone, then as upstream spells it, which old ones want. */
  async #ofProject(
    name: string,
    accept: string,
    path: (part: string) => string,
  ): Promise<DownloadResponse | undefined> {
    const get = (part: string) => this.#get(this.#root + path(encodeURIComponent(part)), accept);
    const normalized = normalizeName(name);
    return (await get(normalized)) ?? (normalized === name ? undefined : await get(name));
  }

  /** A provenance document; undefined when it is not there. */
  async provenance(url: string): Promise<unknown> {
    const response = await this.#get(url, 'application/vnd.pypi.integrity.v1+json, application/json');
    return response && (await response.json(MAX_PROJECT));
  }

  async #byXmlRpc(): Promise<string[] | undefined> {
    const response = await this.#downloader
      .fetch(`${this.#root}pypi`, {
        method: 'POST',
        headers: { 'content-type': 'text/xml' },
        body: '<?xml version="1.0"?><methodCall><methodName>list_packages_with_serial</methodName></methodCall>',
        signal: this.#signal,
        compressed: true,
        retries: 2,
        followRedirects: false,
      })
      .catch(() => undefined);
    if (!response) return undefined;
    if (response.status !== 200) return void response.cancel();
    const text = await response.text(MAX_INDEX);
    if (!text.includes('<methodResponse')) return undefined;
    const names = Array.from(text.matchAll(/<name>([^<]+)<\/name>/g), (found) => String(found[1]));
    return names.length > 0 ? names : undefined;
  }

  async #fromSimple(): Promise<string[]> {
    const url = `${this.#root}simple/`;
    const response = await this.#get(url, SIMPLE_ACCEPT);
    if (!response) throw new Error(`404, message='Not Found', url='${url}'`);
    const page = await pageOf(response, MAX_INDEX);
    const names = 'json' in page ? readIndexJson(page.json) : readIndexPage(page.html);
    return names ?? unrecognized(response, 'the list of projects');
  }

  /** Undefined for 404 and 410; throws UpstreamRefusal for any other refusal. */
  async #get(url: string, accept: string): Promise<DownloadResponse | undefined> {
    const response = await this.#downloader
      .fetch(url, {
        headers: { accept },
        signal: this.#signal,
        compressed: true,
        ...(this.#retries !== undefined && { retries: this.#retries }),
      })
      .catch((error: unknown) => {
        throw isRefusal(error) ? new UpstreamRefusal(error.message, { cause: error }) : error;
      });
    if (response.status === 200) return response;
    response.cancel();
    if (response.status === 404 || response.status === 410) return undefined;
    throw new UpstreamRefusal(`${response.status}, message='${response.reason}', url='${url}'`);
  }
}
