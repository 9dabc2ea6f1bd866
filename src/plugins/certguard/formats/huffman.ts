/** Codes of entitlement certificates: Huffman trees over items whose weights are 1, 2, 3 … in their order. */

/** An inner node: bit 0 leads left, bit 1 right. */
interface Branch<T> {
  readonly left: Node<T>;
  readonly right: Node<T>;
}
type Node<T> = { readonly item: T } | Branch<T>;

interface Weighted<T> {
  readonly weight: number;
  readonly node: Node<T>;
}

/** Bits of bytes, the highest of each byte first. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) throw new RangeError('The codes of an entitlement end too early.');
    return (byte >> (7 - (this.#at++ & 7))) & 1;
  }
}

export class HuffmanTree<T> {
  readonly #root: Node<T> | undefined;

  constructor(items: readonly T[]) {
    this.#root = buildTree(items);
  }

  decode(bits: BitReader): T {
    let node = this.#root;
    if (!node || 'item' in node) throw new RangeError('There are no codes for fewer than two items.');
    while (!('item' in node)) node = bits.next() === 1 ? node.right : node.left;
    return node.item;
  }
}

/**
 * Joins the two lightest again and again; of equal weight the one that was made first. Both the items and the joined nodes
 * come in order of weight and age, so two queues do what a heap would.
 */
function buildTree<T>(items: readonly T[]): Node<T> | undefined {
  const leaves = items.map((item, index): Weighted<T> => ({ weight: index + 1, node: { item } }));
  const joined: Weighted<T>[] = [];
  let [leaf, branch] = [0, 0];
  const lightest = (): Weighted<T> | undefined => {
    const [a, b] = [leaves[leaf], joined[branch]];
    if (a && (!b || a.weight <= b.weight)) return leaves[leaf++];
    return b ? joined[branch++] : undefined;
  };
  for (;;) {
    const left = lightest();
    const right = lightest();
    if (!left || !right) return left?.node;
    joined.push({ weight: left.weight + right.weight, node: { left: left.node, right: right.node } });
  }
}
