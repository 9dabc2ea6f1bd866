/** A thread that hashes pieces of bodies lying in shared memory; hash-pool.ts speaks to it. */
import { parentPort } from 'node:worker_threads';
import { type DigestName, type Digests, MultiHasher } from '../lib/crypto/digest.ts';

export type HashRequest =
  | { kind: 'open'; session: number; names: DigestName[]; memory: SharedArrayBuffer }
  | { kind: 'piece'; session: number; offset: number; length: number; ticket: number }
  | { kind: 'finish'; session: number }
  | { kind: 'drop'; session: number };

export type HashReply =
  | { kind: 'hashed'; session: number; ticket: number }
  | { kind: 'digests'; session: number; digests: Digests };

const sessions = new Map<number, { hasher: MultiHasher; memory: SharedArrayBuffer }>();

function answer(request: HashRequest): HashReply | undefined {
  const { session } = request;
  if (request.kind === 'open') {
    sessions.set(session, { hasher: new MultiHasher(request.names), memory: request.memory });
    return undefined;
  }
  const open = sessions.get(session);
  if (request.kind === 'piece' && open) {
    open.hasher.update(new Uint8Array(open.memory, request.offset, request.length));
    return { kind: 'hashed', session, ticket: request.ticket };
  }
  sessions.delete(session);
  return request.kind === 'finish' && open ? { kind: 'digests', session, digests: open.hasher.digests() } : undefined;
}

parentPort?.on('message', (request: HashRequest) => {
  const reply = answer(request);
  if (reply) parentPort?.postMessage(reply);
});
