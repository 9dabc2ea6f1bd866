/** Storage in a bucket of an S3-compatible object store. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { S3Choice } from '../../config/chosen-storage.ts';
import { messageOf } from '../../lib/errors.ts';
import type { ByteRange } from '../../lib/http/byte-range.ts';
import { MissingFile, StorageFull, StorageUnavailable, storageError } from '../storage-errors.ts';
import { checkKey } from '../storage-key.ts';
import type { PresignOptions, StorageDriver, StoredFile } from './driver.ts';

/** Larger files go in parts, four at a time; a part is held in memory. */
const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;
/** An object has at most so many parts. */
const MOST_PARTS = 10_000;

export class S3Driver implements StorageDriver {
  readonly name = 's3';
  readonly #choice: S3Choice;
  readonly #client: S3Client;
  readonly #prefix: string;

  constructor(choice: S3Choice) {
    this.#choice = choice;
    this.#client = new S3Client(clientConfig(choice));
    this.#prefix = choice.prefix === '' ? '' : `${choice.prefix}/`;
  }

  async moveIn(tempFile: string, key: string): Promise<void> {
    await this.copyIn(tempFile, key);
    await rm(tempFile, { force: true });
  }

  async copyIn(file: string, key: string): Promise<void> {
    const target = this.#named(key);
    const { size } = await stat(file);
    await this.#about(key, async () => {
      if (size <= PART_BYTES) {
        const object = { ...target, Body: createReadStream(file), ContentLength: size };
        return void (await this.#client.send(new PutObjectCommand(object)));
      }
      await new Upload({
        client: this.#client,
        params: { ...target, Body: createReadStream(file, { highWaterMark: 1024 * 1024 }) },
        partSize: Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS)),
        queueSize: PARTS_AT_ONCE,
      }).done();
    });
  }

  async copyOut(key: string, file: string): Promise<void> {
    const { stream } = await this.open(key);
    let handle: Awaited<ReturnType<typeof open>>;
    try {
      handle = await open(file, 'wx');
    } catch (error) {
      stream.destroy();
      throw error;
    }
    try {
      await pipeline(stream, handle.createWriteStream());
    } catch (error) {
      await rm(file, { force: true });
      throw storageError(error);
    }
  }

  async open(key: string, range?: ByteRange): Promise<{ size: number; stream: Readable }> {
    const request: GetObjectCommandInput = this.#named(key);
    if (range) request.Range = `bytes=${range.start}-${range.end}`;
    const answer = await this.#about(key, () => this.#client.send(new GetObjectCommand(request)));
    const whole = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
    return { size: Number(whole ?? answer.ContentLength), stream: answer.Body as Readable };
  }

  localPath(key: string): undefined {
    checkKey(key);
  }

  async stat(key: string): Promise<{ size: number; mtime: number } | undefined> {
    const request = this.#named(key);
    try {
      const answer = await this.#about(key, () => this.#client.send(new HeadObjectCommand(request)));
      return { size: answer.ContentLength ?? 0, mtime: answer.LastModified?.getTime() ?? 0 };
    } catch (error) {
      if (error instanceof MissingFile) return undefined;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    const request = this.#named(key);
    try {
      await this.#about(key, () => this.#client.send(new DeleteObjectCommand(request)));
    } catch (error) {
      if (!(error instanceof MissingFile)) throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<StoredFile> {
    const input = { Bucket: this.#choice.bucket, Prefix: this.#prefix + prefix };
    const pages = paginateListObjectsV2({ client: this.#client }, input);
    for (;;) {
      const { value: page, done } = await this.#about(prefix, () => pages.next());
      if (done) return;
      for (const { Key: key, Size: size, LastModified: date } of page.Contents ?? []) {
        if (key !== undefined)
          yield { key: key.slice(this.#prefix.length), size: size ?? 0, mtime: date?.getTime() ?? 0 };
      }
    }
  }

  /** What the store has acknowledged is durable. */
  async sync(): Promise<void> {}

  async presign(key: string, { filename, contentType, expires }: PresignOptions): Promise<string> {
    const command = new GetObjectCommand({
      ...this.#named(key),
      ResponseContentType: contentType,
      ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`,
    });
    return await getSignedUrl(this.#client, command, { expiresIn: Math.min(expires, this.#choice.linkExpiry) });
  }

  /** Buckets have no end that could be asked for. */
  async usage(): Promise<undefined> {}

  async writable(): Promise<void> {
    const key = `tmp/writable-${randomBytes(8).toString('hex')}`;
    await this.#about(key, () => this.#client.send(new PutObjectCommand({ ...this.#named(key), Body: 'x' })));
    await this.remove(key);
  }

  #named(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.#choice.bucket, Key: this.#prefix + key };
  }

  async #about<T>(key: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw translated(error, key, this.#choice.bucket);
    }
  }
}

function clientConfig({ endpoint, region, accessKey, secretKey, pathStyle }: S3Choice): S3ClientConfig {
  return {
    region,
    forcePathStyle: pathStyle,
    // Not every compatible store knows the newer checksums; digests are checked by us.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint !== null && { endpoint }),
    ...(accessKey !== '' && { credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } }),
  };
}

interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const FULL = ['QuotaExceeded', 'QuotaExceededException', 'XMinioStorageFull', 'InsufficientStorage'];

function translated(error: unknown, key: string, bucket: string): unknown {
  const { name = '', message = '', $metadata } = error as ServiceError;
  if (name === 'NoSuchKey' || name === 'NotFound') return new MissingFile(key);
  if (FULL.includes(name) || $metadata?.httpStatusCode === 507) return new StorageFull(error);
  // A failure of the file that was to be sent.
  if ($metadata === undefined && (error as NodeJS.ErrnoException).path !== undefined) return storageError(error);
  if ($metadata?.httpStatusCode === undefined)
    return new StorageUnavailable(`The object store cannot be reached for ${key}: ${messageOf(error)}`, {
      cause: error,
    });
  const words = `The object store refused ${key} in bucket ${bucket}: ${name} ${message}`.trim();
  return new StorageUnavailable(words, { cause: error });
}
