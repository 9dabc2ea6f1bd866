/** Finds the names of objects that a pack has as deltas only: from each base to all that is made of it. */
import type { PackEntry } from './pack-entry.ts';

interface DeltaTools {
  /** Objects by name; those found are added. */
  readonly whole: Map<string, PackEntry>;
  readonly read: (entry: PackEntry) => Promise<Buffer>;
  readonly make: (base: Buffer, entry: PackEntry) => Promise<Buffer>;
  readonly name: (entry: PackEntry, bytes: Buffer) => string;
}

/** Throws when the base of a delta is not in the pack. */
export async function resolveDeltas(deltas: readonly PackEntry[], tools: DeltaTools): Promise<void> {
  if (deltas.length === 0) return;
  const children = new Map<number | string, PackEntry[]>();
  for (const entry of deltas) {
    const same = children.get(entry.base!);
    if (same) same.push(entry);
    else children.set(entry.base!, [entry]);
  }
  const bases = [...tools.whole.values()];
  let found = 0;
  for (const base of bases) found += await resolveBelow(base, children, tools);
  if (found < deltas.length) throw new Error(`the pack lacks the bases of ${deltas.length - found} deltas`);
}

/** Depth first, so that only the objects of one chain are held. */
async function resolveBelow(
  top: PackEntry,
  children: ReadonlyMap<number | string, readonly PackEntry[]>,
  tools: DeltaTools,
): Promise<number> {
  const of = (entry: PackEntry) => [...(children.get(entry.place) ?? []), ...(children.get(entry.oid!) ?? [])];
  const first = of(top);
  if (first.length === 0) return 0;
  let found = 0;
  const chain = [{ entry: top, bytes: await tools.read(top), waiting: first }];
  for (let last = chain.at(-1); last; last = chain.at(-1)) {
    const entry = last.waiting.pop();
    if (!entry) {
      chain.pop();
      continue;
    }
    const bytes = await tools.make(last.bytes, entry);
    entry.type = last.entry.type;
    entry.size = bytes.length;
    entry.baseEntry = last.entry;
    entry.oid = tools.name(entry, bytes);
    tools.whole.set(entry.oid, entry);
    found += 1;
    const waiting = of(entry);
    if (waiting.length > 0) chain.push({ entry, bytes, waiting });
  }
  return found;
}
