/** A listing as an answer: in memory while it is small, else in a temporary file, whatever the speed of the client. */
import type { Database } from '../../db/database.ts';
import { BoundedChannel } from '../../lib/flow/bounded.ts';
import { ownMemory } from '../../lib/process/own-memory.ts';
import type { ArtifactStore, TempArtifact } from '../../storage/artifact-store.ts';
import type { Source } from '../distributions/served-entry.ts';
import { listDirectory } from './list-directory.ts';

const IN_MEMORY = 2 * 1024 * 1024;

type ListingAnswer =
  | { readonly kind: 'listing'; readonly body: Buffer }
  | { readonly kind: 'largeListing'; readonly file: TempArtifact }
  | { readonly kind: 'missing' };

/** The database's cursor is read as fast as the disk takes the page, so that slow clients do not hold connections. */
export async function makeListing(
  db: Database,
  store: ArtifactStore,
  source: Source,
  path: string,
  title: string,
): Promise<ListingAnswer> {
  const pieces: Buffer[] = [];
  let size = 0;
  let overflow: { channel: BoundedChannel<Buffer>; file: Promise<TempArtifact> } | undefined;
  const sink = async (piece: Buffer) => {
    size += piece.length;
    if (overflow) return overflow.channel.put(piece);
    pieces.push(piece);
    if (size > IN_MEMORY) overflow = spill(store, pieces);
  };
  try {
    const exists = await listDirectory(db, source, path, title, sink);
    if (!exists) return { kind: 'missing' };
  } catch (error) {
    overflow?.channel.fail(error);
    throw error;
  }
  if (!overflow) return { kind: 'listing', body: ownMemory(Buffer.concat(pieces)) };
  return { kind: 'largeListing', file: await finished(overflow) };
}

function spill(store: ArtifactStore, pieces: readonly Buffer[]) {
  const channel = new BoundedChannel<Buffer>(4);
  const all = async function* () {
    yield* pieces;
    yield* channel;
  };
  const file = store.receive(all(), { digests: [] });
  file.catch((error: unknown) => channel.fail(error));
  return { channel, file };
}

async function finished({ channel, file }: ReturnType<typeof spill>): Promise<TempArtifact> {
  channel.close();
  return file;
}
