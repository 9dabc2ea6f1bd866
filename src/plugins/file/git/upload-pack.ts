/** Asks a git server over smart HTTP for its references and for packs of objects (protocol versions 2 and 0). */
import type { Downloader, DownloadResponse } from '../../../plugin-api/index.ts';
import { DELIMITER, FLUSH, lineOf, type Packet, packetLine, readPackets } from './pkt-line.ts';

export interface Reference {
  readonly name: string;
  readonly oid: string;
  /** The commit an annotated tag names. */
  readonly peeled?: string;
}

export type ObjectFormat = 'sha1' | 'sha256';

interface FetchRequest {
  readonly wants: readonly string[];
  /** Only the wanted commits, without their history. */
  readonly shallow: boolean;
  /** Only commits and tags, where the server can leave out the rest. */
  readonly commitsOnly?: boolean;
}

const SERVICE = 'git-upload-pack';
const AGENT = 'agent=deckle';
/** References are kept in memory: a server that tells more than this is refused. */
const MOST_REFERENCES = 1_000_000;

export class UploadPack {
  readonly #downloader: Downloader;
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #version: 0 | 2;
  readonly #capabilities: ReadonlySet<string>;
  readonly #advertised: readonly Reference[];

  private constructor(connection: { downloader: Downloader; url: string; signal: AbortSignal }, answer: Advertisement) {
    this.#downloader = connection.downloader;
    this.#url = connection.url;
    this.#signal = connection.signal;
    this.#version = answer.version;
    this.#capabilities = answer.capabilities;
    this.#advertised = answer.references;
  }

  /** Throws when there is no git repository at the URL, or only one of plain files. */
  static async connect(downloader: Downloader, url: string, signal: AbortSignal): Promise<UploadPack> {
    const start = url.replace(/\/+$/, '');
    const headers = { 'git-protocol': 'version=2' };
    const response = await downloader.fetch(`${start}/info/refs?service=${SERVICE}`, { headers, signal });
    try {
      checkAnswer(response, 'advertisement');
      const answer = await readAdvertisement(response.body);
      // What was redirected once would be each time, and a POST not always as it is.
      const at = response.url.replace(/\/info\/refs(\?.*)?$/, '');
      return new UploadPack({ downloader, url: at, signal }, answer);
    } finally {
      response.cancel();
    }
  }

  get objectFormat(): ObjectFormat {
    const told = [...this.#capabilities].find((word) => word.startsWith('object-format='))?.slice(14);
    if (told !== undefined && told !== 'sha1' && told !== 'sha256') throw new Error(`its objects are named by ${told}`);
    return told ?? 'sha1';
  }

  /** Commits can be fetched without what they consist of. */
  get canFilter(): boolean {
    return this.#version === 2
      ? [...this.#capabilities].some((word) => word.startsWith('fetch=') && word.includes('filter'))
      : this.#capabilities.has('filter');
  }

  /** HEAD, branches and tags. */
  async references(): Promise<readonly Reference[]> {
    if (this.#version === 0) return this.#advertised;
    const prefixes = ['HEAD', 'refs/heads/', 'refs/tags/'].map((prefix) => packetLine(`ref-prefix ${prefix}\n`));
    const body = this.#command('ls-refs', [packetLine('peel\n'), ...prefixes]);
    const found: Reference[] = [];
    await this.#post(body, async (packets) => {
      for await (const packet of packets) {
        const line = lineOf(packet);
        if (line === undefined) break;
        if (found.length === MOST_REFERENCES) throw new Error(`it has more than ${MOST_REFERENCES} references`);
        const [oid = '', name = '', ...attributes] = line.split(' ');
        const peeled = attributes.find((word) => word.startsWith('peeled:'))?.slice(7);
        found.push({ name, oid, ...(peeled !== undefined && { peeled }) });
      }
    });
    return found;
  }

  /** Hands the bytes of a pack with the wanted objects and what belongs to them to `receive`. */
  async fetch<T>(request: FetchRequest, receive: (pack: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
    const lines = [
      ...(request.shallow ? [packetLine('deepen 1\n')] : []),
      ...(request.commitsOnly && this.canFilter ? [packetLine('filter tree:0\n')] : []),
    ];
    const body = this.#version === 2 ? this.#fetchCommand(request, lines) : this.#wantLines(request, lines);
    return await this.#post(body, (packets) => receive(packBytes(packets)));
  }

  #command(name: string, lines: readonly string[]): string {
    const format = packetLine(`object-format=${this.objectFormat}\n`);
    const told = this.#capabilities.has(`object-format=${this.objectFormat}`) ? format : '';
    return [packetLine(`command=${name}\n`), packetLine(AGENT), told, DELIMITER, ...lines, FLUSH].join('');
  }

  #fetchCommand({ wants }: FetchRequest, lines: readonly string[]): string {
    const options = ['ofs-delta\n', 'no-progress\n', ...wants.map((oid) => `want ${oid}\n`)].map(packetLine);
    return this.#command('fetch', [...options, ...lines, packetLine('done\n')]);
  }

  #wantLines({ wants, commitsOnly }: FetchRequest, lines: readonly string[]): string {
    const asked = ['side-band-64k', 'ofs-delta', 'no-progress', 'shallow'].filter((word) =>
      this.#capabilities.has(word),
    );
    if (!asked.includes('side-band-64k')) throw new Error('the server cannot send packs side by side with messages');
    const words = [...asked, ...(commitsOnly && this.canFilter ? ['filter'] : []), AGENT].join(' ');
    const wanted = wants.map((oid, at) => packetLine(at === 0 ? `want ${oid} ${words}\n` : `want ${oid}\n`));
    return [...wanted, ...lines, FLUSH, packetLine('done\n')].join('');
  }

  async #post<T>(body: string, read: (packets: AsyncGenerator<Packet>) => Promise<T>): Promise<T> {
    const response = await this.#downloader.fetch(`${this.#url}/${SERVICE}`, {
      method: 'POST',
      body,
      signal: this.#signal,
      headers: {
        'content-type': `application/x-${SERVICE}-request`,
        accept: `application/x-${SERVICE}-result`,
        ...(this.#version === 2 && { 'git-protocol': 'version=2' }),
      },
    });
    try {
      checkAnswer(response, 'result');
      return await read(readPackets(response.body));
    } finally {
      response.cancel();
    }
  }
}

interface Advertisement {
  readonly version: 0 | 2;
  readonly capabilities: ReadonlySet<string>;
  readonly references: readonly Reference[];
}

function checkAnswer(response: DownloadResponse, kind: 'advertisement' | 'result'): void {
  if (response.status !== 200) throw new Error(`the server answers ${response.status} ${response.reason}`.trim());
  if (response.header('content-type')?.startsWith(`application/x-${SERVICE}-${kind}`)) return;
  throw new Error('there is no git repository that speaks the smart HTTP protocol');
}

async function readAdvertisement(body: AsyncIterable<Uint8Array>): Promise<Advertisement> {
  const lines: string[] = [];
  for await (const packet of readPackets(body)) {
    const line = lineOf(packet);
    if (line === undefined || line.startsWith('# service=')) continue;
    if (lines.length === 2 * MOST_REFERENCES) throw new Error(`it has more than ${MOST_REFERENCES} references`);
    lines.push(line);
  }
  if (lines[0] === 'version 2') return { version: 2, capabilities: new Set(lines.slice(1)), references: [] };
  const shown = lines.filter((line) => !line.startsWith('version ') && !line.startsWith('shallow '));
  const [first = '', words = ''] = (shown[0] ?? '').split('\0');
  const named = [first, ...shown.slice(1)].map((line) => line.split(' ') as [string, string]);
  return { version: 0, capabilities: new Set(words.split(' ')), references: withPeeled(named) };
}

/** A line `<oid> refs/tags/x^{}` tells of the tag in the line before. */
function withPeeled(named: readonly (readonly [string, string])[]): Reference[] {
  const peeled = new Map(
    named.filter(([, name]) => name?.endsWith('^{}')).map(([oid, name]) => [name.slice(0, -3), oid]),
  );
  return named
    .filter(([oid, name]) => name !== undefined && !name.endsWith('^{}') && !/^0+$/.test(oid))
    .map(([oid, name]) => ({ name, oid, ...(peeled.has(name) && { peeled: peeled.get(name)! }) }));
}

const PACK = 1;
const MESSAGE = 2;

/** What stands in the channel of the pack, behind lines about history and acknowledgement; the server's errors are thrown. */
async function* packBytes(packets: AsyncGenerator<Packet>): AsyncGenerator<Uint8Array> {
  for await (const packet of packets) {
    if (!Buffer.isBuffer(packet) || packet.length === 0) continue;
    const channel = packet[0]!;
    if (channel > 3) lineOf(packet);
    else if (channel === PACK) yield packet.subarray(1);
    else if (channel !== MESSAGE) throw new Error(packet.toString('utf8', 1).trim());
  }
}
