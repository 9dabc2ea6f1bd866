/** Reads request bodies: JSON, urlencoded and multipart forms; files of a form stream into the artifact store. */
import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { HttpError, messageOf, ValidationError } from '../../lib/errors.ts';
import type { ArtifactStore, TempArtifact } from '../../storage/artifact-store.ts';

export interface Body {
  readonly values: unknown;
  /** Values came from a form: everything is text. */
  readonly isForm: boolean;
  /** All files that came with it, whatever their parts are called. */
  readonly files?: readonly UploadedFile[];
}

interface BodyLimits {
  /** Largest body without a file, in bytes. */
  readonly maxBytes: number;
  /** Receives a file part. */
  readonly receive: (source: AsyncIterable<Uint8Array>) => Promise<TempArtifact>;
  readonly discard: ArtifactStore['discard'];
  /** Milliseconds within which some of the body has to come. */
  readonly idle: number;
}

/** An uploaded file in a body: bytes that wait in the store to be kept or discarded. */
export interface UploadedFile {
  readonly filename: string;
  readonly temp: TempArtifact;
}

/** Milliseconds. */
const DROP_FOR = 30_000;
const EMPTY: Body = { values: {}, isForm: false };

/** The body of a request; 415 for a media type that is not understood. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  const length = request.headers['content-length'];
  if ((length === undefined || length === '0') && request.headers['transfer-encoding'] === undefined) {
    return type.startsWith('multipart/') || type === 'application/x-www-form-urlencoded'
      ? { values: {}, isForm: true }
      : EMPTY;
  }
  if (type === 'multipart/form-data') return await readMultipart(request, limits);
  if (type === 'application/x-www-form-urlencoded')
    return { values: fromForm((await readBytes(request, limits)).toString('utf8')), isForm: true };
  if (type === 'application/json' || type.endsWith('+json'))
    return { values: parseJson(decode(await readBytes(request, limits))), isForm: false };
  if (type === '') return EMPTY;
  throw new HttpError(415, `Unsupported media type "${request.headers['content-type']}" in request.`);
}

/** By events: a reader that stops in the middle must leave a request that still flows. */
function readBytes(request: IncomingMessage, { maxBytes, idle }: BodyLimits): Promise<Buffer> {
  const tooLarge = () =>
    new HttpError(413, `The request body is larger than ${maxBytes} bytes (setting max_body_size).`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    drop(request);
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    watch(request, idle, (late) => {
      request.off('data', take);
      drop(request);
      reject(late);
    });
    const take = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      request.off('data', take);
      drop(request);
      reject(tooLarge());
    };
    request.on('data', take);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new HttpError(400, 'The request was cut off.')));
  });
}

/** Bytes a second that have to come at least, on average over the time of patience. */
const SLOWEST = 100;

/**
 * Tells when next to nothing of a body comes any more, so that it holds no memory, file and socket for ever. Pauses of ours do not
 * count.
 */
function watch(request: IncomingMessage, idle: number, tell: (late: HttpError) => void): void {
  const { socket } = request;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    const came = socket.bytesRead - before;
    before = socket.bytesRead;
    if (came >= (SLOWEST * idle) / 1000 || request.isPaused() || request.readableLength > 0) return;
    clearInterval(timer);
    tell(new HttpError(408, 'The request body stopped coming.', { Connection: 'close' }));
  }, idle).unref();
  const stop = () => clearInterval(timer);
  request.once('end', stop).once('close', stop);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new ValidationError({ detail: 'JSON parse error - The body is not text in UTF-8.' });
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ValidationError({ detail: `JSON parse error - ${placeOf(error, text)}` });
  }
}

/** What the parser missed, and Pulp's words for it. */
const MISSED: readonly (readonly [RegExp, string])[] = [
  [/property name/, 'Expecting property name enclosed in double quotes'],
  [/Expected ':'/, "Expecting ':' delimiter"],
  [/Expected ','/, "Expecting ',' delimiter"],
  [/Unexpected non-whitespace/, 'Extra data'],
];

/** A syntax error and its place in the words of Pulp. */
function placeOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : '';
  const at = /position (\d+)/.exec(message);
  // an "Expected" of a property name comes as "Expected ':' after property name" too
  const missed = MISSED.find(([told]) => told.test(message.replace('after property name', '')))?.[1];
  const position = at ? Number(at[1]) : text.length;
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const column = position - before.lastIndexOf('\n');
  return `${missed ?? 'Expecting value'}: line ${line} column ${column} (char ${position})`;
}

/** Without what every object has: a part may have any name. */
const noValues = (): Record<string, unknown> => Object.create(null);

/** A key that comes several times becomes a list. */
function addValue(values: Record<string, unknown>, key: string, value: unknown): void {
  const before = values[key];
  if (before === undefined) values[key] = value;
  else if (Array.isArray(before)) before.push(value);
  else values[key] = [before, value];
}

function fromForm(text: string): Record<string, unknown> {
  const values = noValues();
  for (const [key, value] of new URLSearchParams(text)) addValue(values, key, value);
  return values;
}

async function readMultipart(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  const values = noValues();
  const receiving: Promise<void>[] = [];
  const received: UploadedFile[] = [];
  let form: busboy.Busboy | undefined;
  try {
    const parser = formParser(request, limits.maxBytes);
    form = parser;
    await new Promise<void>((resolve, reject) => {
      let bytes = 0;
      parser.on('field', (name, value, info) => {
        bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
        if (info.valueTruncated || bytes > limits.maxBytes)
          reject(
            new HttpError(
              413,
              `With ${name} the fields of the form are larger than ${limits.maxBytes} bytes (setting max_body_size).`,
            ),
          );
        else addValue(values, name, value);
      });
      parser.on('file', (name, stream, info) => {
        stream.on('error', (error) => reject(formError(error)));
        const work = limits.receive(stream).then((temp) => {
          const uploaded: UploadedFile = { filename: info.filename ?? '', temp };
          received.push(uploaded);
          addValue(values, name, uploaded);
        });
        work.catch((error) => {
          stream.resume();
          reject(stream.errored === error ? formError(error) : error);
        });
        receiving.push(work);
      });
      parser.on('fieldsLimit', () => reject(tooMany(MOST_FIELDS, 'fields')));
      parser.on('filesLimit', () => reject(tooMany(MOST_FILES, 'files')));
      parser.on('close', resolve);
      parser.on('error', (error) => reject(formError(error)));
      request.on('error', reject);
      watch(request, limits.idle, reject);
      request.on('aborted', () => reject(new HttpError(400, 'The request was cut off.')));
      request.pipe(parser);
    });
    await Promise.all(receiving);
  } catch (error) {
    drop(request);
    // Ends the file under way, which would wait for the rest for ever.
    form?.destroy();
    await Promise.allSettled(receiving);
    for (const { temp } of received) await limits.discard(temp);
    throw error;
  }
  return { values, isForm: true, files: received };
}

/**
 * Takes the rest of a body that is of no use any more, for a while: a client that still sends would otherwise wait for
 * ever, or find its connection reset instead of the answer that tells why.
 */
export function drop(request: IncomingMessage): void {
  request.unpipe();
  request.resume();
  const tooLong = setTimeout(() => request.destroy(), DROP_FOR).unref();
  request.once('close', () => clearTimeout(tooLong));
}

/** Packages tell each of their dependencies in a field of its own; what a form may hold altogether is bounded in bytes. */
const MOST_FIELDS = 100_000;
const MOST_FILES = 100;

const tooMany = (count: number, what: string) => new HttpError(413, `The form has more than ${count} ${what}.`);

function formParser(request: IncomingMessage, maxBytes: number): busboy.Busboy {
  const limits = { fieldSize: maxBytes, fields: MOST_FIELDS, files: MOST_FILES };
  try {
    return busboy({ headers: request.headers, defParamCharset: 'utf8', limits });
  } catch (error) {
    throw formError(error);
  }
}

/** A form that ends too early, has no boundary and so on. */
function formError(error: unknown): ValidationError {
  return new ValidationError({ detail: `Multipart form parse error - ${messageOf(error)}` });
}

export function isUploadedFile(value: unknown): value is UploadedFile {
  return typeof value === 'object' && value !== null && 'temp' in value && 'filename' in value;
}
