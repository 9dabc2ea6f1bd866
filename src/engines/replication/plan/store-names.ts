/** Names of repositories and remotes after the switch: that of the distribution, or another where that one stays taken. */
import type { Labels, Store, Wanted } from './plan-types.ts';

interface Named {
  readonly id: string;
  readonly name: string;
  readonly labels: Labels;
}

interface StoreNames<T extends Named> {
  readonly stores: ReadonlyMap<string, Store>;
  /** What has the wanted name and keeps it, by key. */
  readonly taken: ReadonlyMap<string, T>;
}

/** `chosen` are renamed freely among one another and to the names of those that go. */
export function nameStores<T extends Named>(
  wanted: readonly Wanted[],
  all: readonly T[],
  chosen: ReadonlyMap<string, T>,
  removed: ReadonlySet<string>,
  upstreamName: string,
): StoreNames<T> {
  const keys = new Set(wanted.map(({ key }) => key));
  const moving = new Set([...chosen].filter(([key]) => keys.has(key)).map(([, { id }]) => id));
  const staying = new Map(all.filter(({ id }) => !moving.has(id) && !removed.has(id)).map((one) => [one.name, one]));
  const stores = new Map<string, Store>();
  const taken = new Map<string, T>();
  for (const { key, name } of wanted) {
    const other = staying.get(name);
    if (other) taken.set(key, other);
    stores.set(key, { id: chosen.get(key)?.id ?? null, name: other ? `${name} (${upstreamName})` : name });
  }
  return { stores, taken };
}
