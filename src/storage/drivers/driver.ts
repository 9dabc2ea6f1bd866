/** What the server needs of a place that keeps bytes: a file system now, an object store with the same words. */
import type { Readable } from 'node:stream';
import type { ByteRange } from '../../lib/http/byte-range.ts';

/** One stored file; `mtime` in milliseconds since 1970. */
export interface StoredFile {
  key: string;
  size: number;
  mtime: number;
}

/** Bytes of the file system below the store. */
export interface Usage {
  total: number;
  used: number;
  free: number;
}

export interface PresignOptions {
  /** Name a browser saves the file under. */
  filename: string;
  contentType: string;
  /** Life of the link in seconds. */
  expires: number;
}

/**
 * Keys are relative paths with slashes (`artifact/ab/cdef…`) without empty, `.` and `..` components; every method throws InvalidKey
 * for others, MissingFile where a file should be and is not, StorageFull when there is no room.
 */
export interface StorageDriver {
  /** `filesystem`, `s3` … */
  readonly name: string;
  /** Takes a local file over under a key, replacing what is there; the local file is gone afterwards. Durable only after sync. */
  moveIn(tempFile: string, key: string): Promise<void>;
  /** As moveIn, but the local file stays. */
  copyIn(file: string, key: string): Promise<void>;
  /** Writes the bytes of a key to a local file that must not exist yet. */
  copyOut(key: string, file: string): Promise<void>;
  /** The bytes of a key, or of a range of it; `size` is that of the whole file. */
  open(key: string, range?: ByteRange): Promise<{ size: number; stream: Readable }>;
  /** Where a key can be read as a local file, or undefined when it cannot. Says nothing about whether it exists. */
  localPath(key: string): string | undefined;
  stat(key: string): Promise<{ size: number; mtime: number } | undefined>;
  /** A key that is not there is no error. */
  remove(key: string): Promise<void>;
  /** Every key that starts with a prefix, in no order. */
  list(prefix: string): AsyncIterable<StoredFile>;
  /** Makes everything moved or copied in under these keys survive a power failure. */
  sync(keys: readonly string[]): Promise<void>;
  /** A link by which a client can fetch the key from the store itself; absent where the store cannot do that. */
  presign?(key: string, options: PresignOptions): Promise<string | undefined>;
  /** Undefined where the store does not know. */
  usage(): Promise<Usage | undefined>;
  /** Throws when nothing can be written. */
  writable(): Promise<void>;
  /** Removes directories below a prefix that are empty and unchanged since a time; without meaning in object stores. */
  removeEmptyDirectories?(prefix: string, unchangedSince: number): Promise<number>;
}
