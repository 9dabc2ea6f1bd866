/** Errors of storing bytes; the API answers them with 400, 413 and 507. */
import { BodyMismatch } from '../lib/http/body-mismatch.ts';
import { isErrno } from '../lib/process/errno.ts';

/** The bytes do not have a digest they should have. */
export class DigestMismatch extends BodyMismatch {
  override readonly name = 'DigestMismatch';
  constructor(digest: string, expected: string, actual: string) {
    super(digest, expected, actual, `The ${digest} checksum did not match.`);
  }
}

/** More or fewer bytes than there should be; `actual` is what was read until this was known. */
export class SizeMismatch extends BodyMismatch {
  override readonly name = 'SizeMismatch';
  constructor(expected: number, actual: number) {
    super('size', expected, actual, 'The size did not match actual size of file.');
  }
}

/** A body is longer than allowed. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  readonly limit: number;
  constructor(limit: number) {
    super(`The body is larger than the ${limit} bytes allowed.`);
    this.limit = limit;
  }
}

/** No room on the disk, or a quota is used up. */
export class StorageFull extends Error {
  override readonly name = 'StorageFull';
  constructor(cause: unknown) {
    super('There is no space left in the storage.', { cause });
  }
}

/** The object store cannot be reached or refuses its service: the same may work later. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
}

/** A key names no file. */
export class MissingFile extends Error {
  override readonly name: string = 'MissingFile';
  readonly key: string;
  constructor(key: string, what = 'missing') {
    super(`The file ${key} is ${what} in the storage.`);
    this.key = key;
  }
}

/** The file of a key has other bytes than it should have: as good as none. */
export class DamagedFile extends MissingFile {
  override readonly name = 'DamagedFile';
  constructor(key: string) {
    super(key, 'damaged');
  }
}

/** A key would leave the store. */
export class InvalidKey extends Error {
  override readonly name = 'InvalidKey';
  constructor(key: string) {
    super(`Not a storage key: ${JSON.stringify(key)}`);
  }
}

/** The error to throw for one of the operating system about a key. */
export function storageError(error: unknown, key?: string): unknown {
  if (isErrno(error, 'ENOSPC', 'EDQUOT')) return new StorageFull(error);
  if (key !== undefined && isErrno(error, 'ENOENT', 'ENOTDIR')) return new MissingFile(key);
  return error;
}
