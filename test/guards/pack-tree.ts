/** Packs paths as entitlement certificates of version 3 do, after the format's description and apart from the code that reads them. */

interface Heaped<T> {
  weight: number;
  serial: number;
  items: readonly (readonly [T, string])[];
}

/** Codes of items whose weights are 1, 2, 3 …: a heap ordered by weight and age, the first popped gets bit 0. */
function codes<T>(items: readonly T[]): Map<T, string> {
  let serial = items.length;
  const heap: Heaped<T>[] = items.map((item, index) => ({ weight: index + 1, serial: index + 1, items: [[item, '']] }));
  while (heap.length > 1) {
    heap.sort((a, b) => a.weight - b.weight || a.serial - b.serial);
    const [left, right] = heap.splice(0, 2) as [Heaped<T>, Heaped<T>];
    const prefixed = (node: Heaped<T>, bit: string) => node.items.map(([item, code]) => [item, bit + code] as const);
    heap.push({
      weight: left.weight + right.weight,
      serial: ++serial,
      items: [...prefixed(left, '0'), ...prefixed(right, '1')],
    });
  }
  return new Map(heap[0]!.items);
}

type Tree = Map<string, Tree>;

function treeOf(paths: readonly string[]): Tree {
  const root: Tree = new Map();
  for (const path of paths) {
    let node = root;
    for (const word of path.split('/').filter(Boolean)) {
      if (!node.has(word)) node.set(word, new Map());
      node = node.get(word)!;
    }
  }
  return root;
}

function lengthOf(count: number): Buffer {
  return count < 128 ? Buffer.from([count]) : Buffer.from([0x82, count >> 8, count & 255]);
}

export function packTree(paths: readonly string[], deflate: (bytes: Buffer) => Buffer): Buffer {
  const nodes = [treeOf(paths)];
  for (const node of nodes) nodes.push(...node.values());
  const words = [...new Set(nodes.flatMap((node) => [...node.keys()])), ''];
  const wordCodes = codes(words);
  const nodeCodes = codes(nodes.slice(1));
  const bits = nodes
    .map(
      (node) =>
        [...node].map(([word, below]) => wordCodes.get(word)! + nodeCodes.get(below)!).join('') + wordCodes.get('')!,
    )
    .join('');
  const bytes = bits.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
  return Buffer.concat([deflate(Buffer.from(words.join('\0'))), lengthOf(nodes.length), Buffer.from(bytes)]);
}
