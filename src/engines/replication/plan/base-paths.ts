/** Which base paths would overlap once the plan is done. */

interface Placed<T> {
  readonly basePath: string;
  readonly item: T;
}

/** For each path the first other one that is equal, above or below; looked up by components, not in pairs. */
export class PathIndex<T> {
  readonly #exact = new Map<string, T[]>();
  /** Paths that have this one as a leading part. */
  readonly #below = new Map<string, T[]>();

  constructor(placed: Iterable<Placed<T>>) {
    for (const { basePath, item } of placed) {
      push(this.#exact, basePath, item);
      for (const above of leadingParts(basePath)) push(this.#below, above, item);
    }
  }

  /** What is at the same path, above it and below it, but for the item itself. */
  overlapping(basePath: string, self?: T): { readonly kind: 'equal' | 'nested'; readonly item: T }[] {
    const found: { kind: 'equal' | 'nested'; item: T }[] = [];
    const add = (kind: 'equal' | 'nested', items: readonly T[] = []) => {
      for (const item of items) if (item !== self) found.push({ kind, item });
    };
    add('equal', this.#exact.get(basePath));
    add('nested', this.#below.get(basePath));
    for (const above of leadingParts(basePath)) add('nested', this.#exact.get(above));
    return found;
  }
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

/** `a/b/c` → `a`, `a/b` */
function leadingParts(path: string): string[] {
  const parts: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
    parts.push(path.slice(0, slash));
  return parts;
}
