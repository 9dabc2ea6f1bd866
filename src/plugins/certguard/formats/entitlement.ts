/** Paths that an entitlement certificate of Red Hat's subscription management opens: version 1 lists them, version 3 packs a tree. */

import { DER, type DerElement, readDer, readDerLength } from '../../../lib/crypto/der.ts';
import { inflateCounted } from '../../../lib/flow/inflate-counted.ts';
import type { Certificate } from './certificate.ts';
import { BitReader, HuffmanTree } from './huffman.ts';

const BASE = '1.3.6.1.4.1.2312.9';
const ORDER_NAME = `${BASE}.4.1`;
const VERSION = `${BASE}.6`;
const PACKED = `${BASE}.7`;
const PATH = /^1\.3\.6\.1\.4\.1\.2312\.9\.2\.\d+\.1\.6$/;

/** Bounds for what a certificate may unpack to. */
const MAX_WORDS_BYTES = 4 * 1024 * 1024;
const MAX_NODES = 200_000;

/** Asked with a path without slashes at its ends; false for certificates that open nothing. */
type OpensPath = (path: string) => boolean;

/** Throws for a certificate whose entitlement cannot be read. */
export function entitlementOf(certificate: Certificate): OpensPath {
  const version = textOf(certificate, VERSION) ?? '1.0';
  return Number.parseInt(version, 10) >= 3 ? packedPaths(certificate) : listedPaths(certificate);
}

function elementIn(certificate: Certificate, oid: string, tag: number): DerElement | undefined {
  const extension = certificate.extensions.get(oid);
  if (!extension) return undefined;
  const element = readDer(extension.value);
  return element.tag === tag ? element : undefined;
}

function textOf(certificate: Certificate, oid: string): string | undefined {
  const element = elementIn(certificate, oid, DER.utf8String);
  return element && Buffer.from(element.content).toString('utf8');
}

function listedPaths(certificate: Certificate): OpensPath {
  if (!certificate.extensions.has(ORDER_NAME)) return () => false;
  const patterns = [...certificate.extensions.keys()]
    .filter((oid) => PATH.test(oid))
    .map((oid) => patternOf(textOf(certificate, oid) ?? ''));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** From `$` to the next slash stands for any one component, or rest of one. */
function patternOf(template: string): RegExp {
  const literal = template.replace(/^\/+|\/+$/g, '').split(/\$[^/]*/);
  return new RegExp(`^${literal.map((part) => RegExp.escape(part)).join('[^/]+')}(?:$|/)`);
}

type PathTree = Map<string, PathTree>;

function packedPaths(certificate: Certificate): OpensPath {
  const packed = elementIn(certificate, PACKED, DER.octetString);
  if (!packed) return () => false;
  const tree = unpack(packed.content);
  return (path) => leadsToLeaf(tree, path.split('/'), 0);
}

/** Words packed by zlib; behind them the number of nodes, and in codes the edges of each: word, node … empty word. */
function unpack(payload: Uint8Array): PathTree {
  const { bytes, consumed } = inflateCounted(payload, MAX_WORDS_BYTES);
  const rest = payload.subarray(consumed);
  const [count, start] = readDerLength(rest, 0);
  if (count > MAX_NODES) throw new RangeError('An entitlement has too many paths.');
  const words = new HuffmanTree(bytes.toString('utf8').split('\0'));
  return readTree(words, count, new BitReader(rest.subarray(start)));
}

function readTree(words: HuffmanTree<string>, count: number, bits: BitReader): PathTree {
  const nodes = Array.from({ length: count }, (): PathTree => new Map());
  const references = new HuffmanTree(nodes.slice(1));
  for (const node of nodes) {
    for (let word = words.decode(bits); word !== ''; word = words.decode(bits)) node.set(word, references.decode(bits));
  }
  return nodes[0] ?? new Map();
}

function leadsToLeaf(node: PathTree, components: readonly string[], at: number): boolean {
  if (node.size === 0) return true;
  const component = components[at];
  if (component === undefined) return false;
  for (const [word, below] of node) {
    if ((word === component || word.startsWith('$')) && leadsToLeaf(below, components, at + 1)) return true;
  }
  return false;
}
