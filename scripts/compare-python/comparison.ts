/** Asks two servers the same, counts, and shows where their answers differ beyond what is wilful. */
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { makeSdist, makeWheel, UpstreamIndex } from '../../test/python/upstream.ts';
import { reasonFor } from './explained.ts';
import { differences, type Side, type Wire } from './side.ts';

export type Body = (at: number) => object | FormData | undefined;

const statusOf = (answer: unknown) => (answer as { status?: number } | null)?.status;

export class Comparison {
  readonly sides: readonly [Side, Side];
  readonly explained = new Map<string, number>();
  asked = 0;
  open = 0;

  constructor(ours: Side, theirs: Side) {
    this.sides = [ours, theirs];
  }

  report(what: string, ours: unknown, theirs: unknown): void {
    this.asked++;
    const found: string[] = [];
    const isTheirFault = statusOf(theirs) === 500 && statusOf(ours) !== 500;
    for (const one of differences(ours, theirs)) {
      const reason = isTheirFault ? 'the peer fails where we answer' : reasonFor(what, one);
      if (reason) this.#explain(reason);
      else found.push(one);
    }
    if (found.length === 0) return;
    this.open++;
    process.stdout.write(`\n## ${what}\n${found.join('\n')}\n`);
  }

  #explain(reason: string): void {
    this.explained.set(reason, (this.explained.get(reason) ?? 0) + 1);
  }

  /** Sends the same to both; the path may follow from what each side calls its things. */
  async both(
    what: string,
    method: string,
    path: string | ((at: number) => string),
    body?: Body,
    headers?: Record<string, string>,
  ): Promise<void> {
    const answers = await this.each((side, at) =>
      side.shown(method, typeof path === 'string' ? path : path(at), body?.(at), headers),
    );
    this.report(what, answers[0], answers[1]);
  }

  async each<T>(work: (side: Side, at: number) => Promise<T>): Promise<readonly [T, T]> {
    return (await Promise.all(this.sides.map(work))) as unknown as readonly [T, T];
  }

  /** The content app of the peer has a port of its own, one below that of its API. */
  contentOf(at: number, path: string): string {
    const { url } = this.sides[at]!;
    return (at === 0 ? url : url.replace(/:(\d+)$/, (_, port) => `:${Number(port) - 1}`)) + path;
  }
}

export function form(values: Record<string, string>, field: string, filename: string, bytes: Buffer): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  body.set(field, new Blob([new Uint8Array(bytes)]), filename);
  return body;
}

const salt = Date.now().toString(36);
const name = `Cmp.${salt}_X`;
const stem = name.replace(/[.]/g, '_');

/** What both sides have: an index with packages, and an index upstream of both. */
export interface World {
  readonly salt: string;
  /** Name and base path of the index. */
  readonly project: string;
  readonly name: string;
  readonly normalized: string;
  readonly packages: readonly (readonly [filename: string, bytes: Buffer])[];
  readonly live: string;
  readonly repos: readonly [Wire, Wire];
  readonly upstream: UpstreamIndex;
}

export async function makeWorld(comparison: Comparison): Promise<World> {
  const project = `cmp${salt}`;
  const repos = await comparison.each((side) => side.json('POST', 'repositories/python/python/', { name: project }));
  await comparison.each((side, at) =>
    side.json('POST', 'distributions/python/pypi/', {
      name: project,
      base_path: project,
      repository: repos[at]!.pulp_href,
    }),
  );
  return {
    salt,
    project,
    name,
    normalized: `cmp-${salt}-x`,
    packages: [
      [`${stem}-1.0-py3-none-any.whl`, makeWheel(name, '1.0').file],
      [`${stem}-1.0.tar.gz`, makeSdist(name, '1.0')],
      [`${stem}-1.1rc1.tar.gz`, makeSdist(name, '1.1rc1')],
      [`${stem}-0.9-2-py3-none-any.whl`, makeWheel(name, '0.9').file],
    ],
    live: `/pypi/${project}/`,
    repos,
    upstream: await makeUpstream(),
  };
}

/** For those who do not begin with the index while it is empty. */
export async function fillIndex(comparison: Comparison, { packages, live }: World): Promise<void> {
  for (const [filename, bytes] of packages)
    await comparison.each((side) =>
      side.json('POST', `${live}legacy/`, form(digestOf(bytes), 'content', filename, bytes)),
    );
}

async function makeUpstream(): Promise<UpstreamIndex> {
  const upstream = await UpstreamIndex.start({ xmlRpc: true });
  for (const version of ['1.0', '2.0', '2.1rc1', '3.0', '3.1.dev1', '10.0']) {
    const wheel = makeWheel('alpha', version, salt);
    upstream.add({
      project: 'alpha',
      version,
      filename: `alpha-${version}-py3-none-any.whl`,
      body: wheel.file,
      metadata: wheel.metadata,
      ...(version === '2.0' && { yanked: 'broken' }),
    });
    const sdist = makeSdist('alpha', version, salt);
    upstream.add({ project: 'alpha', version, filename: `alpha-${version}.tar.gz`, body: sdist });
  }
  for (const tag of ['win_amd64', 'macosx_11_0_arm64', 'manylinux_2_17_x86_64', 'linux_i686', 'freebsd_13_amd64']) {
    const filename = `alpha-3.0-cp311-cp311-${tag}.whl`;
    upstream.add({ project: 'alpha', version: '3.0', filename, body: makeWheel('alpha', '3.0', salt + tag).file });
  }
  upstream.add({ project: 'beta', version: '0.1', filename: 'beta-0.1.tar.gz', body: makeSdist('beta', '0.1', salt) });
  const only = makeSdist('gamma', '1.0rc1', salt);
  upstream.add({ project: 'gamma', version: '1.0rc1', filename: 'gamma-1.0rc1.tar.gz', body: only, yanked: '' });
  return upstream;
}

export const digestOf = (bytes: Buffer) => ({ sha256_digest: sha256Of(bytes) });
