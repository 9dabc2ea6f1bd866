/** Bytes of an answer with a strong validator for each of their forms: as they are, and in the codings that clients take. */
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';

/** Content codings that answers are sent in, the best first. */
export const CODINGS = ['zstd', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

/** What is shorter gains nothing by a coding. */
export const CODED_FROM = 1024;
const TEXT = /^text\/|[/+](?:json|xml|javascript)\b/;

/** Gives bodies in a coding, and remembers them. */
export interface Coder {
  coded(body: KeptBody, coding: Coding): Buffer | Promise<Buffer>;
}

/** Bytes with their validator; made at every request, so it holds nothing but these. */
export class KeptBody {
  readonly bytes: Buffer;
  /** Of the bytes as they are, in quotes. */
  readonly etag: string;
  /** They were made for an earlier request; undefined where they are not kept. */
  readonly isHit: boolean | undefined;
  /** Under which its coder keeps it. */
  readonly key: string;
  readonly #coder: Coder | undefined;

  /** Without a coder they are only sent as they are. */
  constructor(bytes: Buffer, etag: string, isHit?: boolean, key = '', coder?: Coder) {
    this.bytes = bytes;
    this.etag = etag;
    this.isHit = isHit;
    this.key = key;
    this.#coder = coder;
  }

  /** Undefined where the coding is not to be had. */
  coded(coding: Coding): Buffer | Promise<Buffer> | undefined {
    return this.bytes.length < CODED_FROM ? undefined : this.#coder?.coded(this, coding);
  }
}

/** A strong validator that follows from the bytes alone: every process tells the same one. */
export function etagOf(bytes: Uint8Array): string {
  return `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`;
}

/** A body that is not kept, with its validator: it is sent as it is. */
export function validated(body: string | Buffer): KeptBody {
  const bytes = Buffer.from(body);
  return new KeptBody(bytes, etagOf(bytes));
}

const codedTag = (etag: string, coding: Coding) => `${etag.slice(0, -1)}-${coding}"`;

const COMPRESS = { gzip: promisify(gzip), zstd: promisify(zstdCompress) };

/** The bytes in a coding; made beside the event loop. */
export async function encode(bytes: Buffer, coding: Coding): Promise<Buffer> {
  return await COMPRESS[coding](bytes);
}

/** The form of a body that a request gets. */
export interface ChosenBody {
  readonly etag: string;
  /** Undefined: the client has it already (304). */
  readonly bytes: Buffer | undefined;
  readonly coding?: Coding;
}

/** By If-None-Match, or If-Modified-Since where that is absent, and Accept-Encoding (RFC 9110 §8.8, §12.5.3, §13.1). */
export function chooseBody(
  headers: IncomingHttpHeaders,
  body: KeptBody,
  {
    contentType,
    lastModified,
  }: { readonly contentType: string | undefined; readonly lastModified?: string | undefined },
): ChosenBody | Promise<ChosenBody> {
  const known = knownTag(headers['if-none-match'], body.etag);
  if (known !== undefined) return { etag: known, bytes: undefined };
  if (headers['if-none-match'] === undefined && isNotNewer(headers['if-modified-since'], lastModified))
    return { etag: body.etag, bytes: undefined };
  const accepted = headers['accept-encoding'];
  const coding = accepted === undefined || !TEXT.test(contentType ?? '') ? undefined : acceptedCoding(String(accepted));
  const coded = coding && body.coded(coding);
  if (!coding || !coded) return { etag: body.etag, bytes: body.bytes };
  const chosen = (bytes: Buffer): ChosenBody => ({ etag: codedTag(body.etag, coding), bytes, coding });
  return coded instanceof Promise ? coded.then(chosen) : chosen(coded);
}

/** The validator of a client that is one of the body's. */
function knownTag(header: string | undefined, etag: string): string | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return etag;
  const own = [etag, ...CODINGS.map((coding) => codedTag(etag, coding))];
  for (const part of header.split(',')) {
    const tag = part.trim().replace(/^W\//, '');
    if (own.includes(tag)) return tag;
  }
  return undefined;
}

function isNotNewer(since: string | undefined, lastModified: string | undefined): boolean {
  return since !== undefined && lastModified !== undefined && Date.parse(lastModified) <= Date.parse(since);
}

/** The best coding that a client takes; undefined: none but the bytes as they are. */
export function acceptedCoding(header: string): Coding | undefined {
  const taken = new Set<string>();
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim());
    if (!parameters.some((one) => /^q=0(?:\.0*)?$/.test(one))) taken.add(name);
  }
  return CODINGS.find((coding) => taken.has(coding));
}
