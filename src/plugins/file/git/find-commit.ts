/** Finds the commit that a name stands for, and a pack with its files: a branch, a tag, a commit or the start of its name. */
import { headerOf } from './objects.ts';
import { PackFile } from './pack-file.ts';
import type { Reference, UploadPack } from './upload-pack.ts';

export interface Snapshot {
  readonly commit: string;
  readonly pack: PackFile;
}

/** The name stands for nothing. */
export class UnknownRef extends Error {}

const FULL = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
const START = /^[0-9a-f]{4,63}$/i;

/** What the server tells a name stands for: HEAD, then branches, then tags, then whole names. Not always a commit's own name. */
export function referenceOf(references: readonly Reference[], ref: string): Reference | undefined {
  const byName = new Map(references.map((one) => [one.name, one]));
  return (
    (ref === 'HEAD' ? byName.get('HEAD') : undefined) ??
    byName.get(`refs/heads/${ref}`) ??
    byName.get(`refs/tags/${ref}`) ??
    byName.get(ref)
  );
}

/** Throws UnknownRef. `path` makes names for the files of packs. */
export async function findCommit(
  server: UploadPack,
  references: readonly Reference[],
  ref: string,
  path: () => string,
): Promise<Snapshot> {
  const named = referenceOf(references, ref);
  const receive = (bytes: AsyncIterable<Uint8Array>) => PackFile.receive(bytes, path(), server.objectFormat);
  if (named) return await withCommit(named.oid, await server.fetch({ wants: [named.oid], shallow: true }, receive));
  if (FULL.test(ref)) {
    const oid = ref.toLowerCase();
    const pack = await server.fetch({ wants: [oid], shallow: true }, receive).catch((error: unknown) => {
      if (references.length === 0) throw error;
    });
    if (pack) return await withCommit(oid, pack);
  } else if (!START.test(ref)) throw new UnknownRef('there is no branch or tag of that name');
  return await findInHistory(server, references, ref.toLowerCase(), receive);
}

/** A commit that nothing names is looked for among all, without their files where the server can leave these out. */
async function findInHistory(
  server: UploadPack,
  references: readonly Reference[],
  start: string,
  receive: (bytes: AsyncIterable<Uint8Array>) => Promise<PackFile>,
): Promise<Snapshot> {
  const wants = [...new Set(references.map(({ oid }) => oid))];
  if (wants.length === 0) throw new UnknownRef('the repository is empty');
  const history = await server.fetch({ wants, shallow: false, commitsOnly: true }, receive);
  try {
    const commit = onlyCommit(history, start);
    if (!server.canFilter) return { commit, pack: history };
    const pack = await server.fetch({ wants: [commit], shallow: true }, receive);
    await history.close();
    return { commit, pack };
  } catch (error) {
    await history.close();
    throw error;
  }
}

function onlyCommit(pack: PackFile, start: string): string {
  const found = [...pack.names].filter((name) => name.startsWith(start) && pack.find(name)?.type === 'commit');
  if (found.length === 0) throw new UnknownRef('there is no branch, tag or commit of that name');
  if (found.length > 1) throw new UnknownRef('the names of several commits begin so');
  return found[0]!;
}

/** Follows annotated tags to their commit. */
async function withCommit(oid: string, pack: PackFile): Promise<Snapshot> {
  let commit = oid;
  for (let depth = 0; pack.find(commit)?.type === 'tag' && depth < 10; depth += 1) {
    commit = headerOf(await pack.read(commit), 'object');
  }
  if (pack.find(commit)?.type === 'commit') return { commit, pack };
  await pack.close();
  throw new UnknownRef('it does not name a commit');
}
