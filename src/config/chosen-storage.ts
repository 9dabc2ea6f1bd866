/** Which storage the settings ask for: our own settings first, then Pulp's form, else the file system. */
import { join } from 'node:path';
import { isTable } from './parse-value.ts';
import type { Settings } from './settings.ts';

interface FilesystemChoice {
  readonly kind: 'filesystem';
  readonly root: string;
}

export interface S3Choice {
  readonly kind: 's3';
  readonly bucket: string;
  readonly endpoint: string | null;
  readonly region: string;
  /** Empty: found by the client in the environment. */
  readonly accessKey: string;
  readonly secretKey: string;
  readonly pathStyle: boolean;
  readonly prefix: string;
  /** Life of links in seconds. */
  readonly linkExpiry: number;
}

export type StorageChoice = FilesystemChoice | S3Choice;

type StorageValues = Pick<
  Settings,
  | 'storage'
  | 'storages'
  | 'data'
  | 'mediaRoot'
  | 's3Bucket'
  | 's3Endpoint'
  | 's3Region'
  | 's3AccessKey'
  | 's3SecretKey'
  | 's3PathStyle'
  | 's3Prefix'
  | 's3LinkExpiry'
>;

const FILESYSTEM = /(^|\.)FileSystem(Storage)?$/;
const S3 = /(^|\.)(S3Storage|S3Boto3Storage)$/;

/** What is wrong with the choice, in words for the operator. */
export class StorageChoiceError extends Error {
  override readonly name = 'StorageChoiceError';
}

/** Throws StorageChoiceError for back ends that are not supported, and for object stores without a bucket. */
export function chosenStorage(settings: StorageValues): StorageChoice {
  if (settings.storage !== '') return ownChoice(settings, settings.storage);
  const entry = settings.storages.default;
  if (!isTable(entry) || entry.BACKEND === undefined) return ownChoice(settings, 'filesystem');
  const options = isTable(entry.OPTIONS) ? entry.OPTIONS : {};
  return peerChoice(String(entry.BACKEND), options, settings);
}

/** The storage in another place than the one in effect, as move-storage names it: `filesystem` or `s3`. */
export function ownChoice(settings: StorageValues, kind: 'filesystem' | 's3'): StorageChoice {
  if (kind === 'filesystem') return { kind, root: mediaRoot(settings) };
  return checked({
    kind,
    bucket: settings.s3Bucket,
    endpoint: settings.s3Endpoint,
    region: settings.s3Region,
    accessKey: settings.s3AccessKey,
    secretKey: settings.s3SecretKey,
    pathStyle: settings.s3PathStyle,
    prefix: settings.s3Prefix,
    linkExpiry: settings.s3LinkExpiry,
  });
}

/** A back end and its options as Pulp names them, for the server or for a domain. */
export function peerChoice(
  backend: string,
  options: Readonly<Record<string, unknown>>,
  settings: StorageValues,
): StorageChoice {
  const word = (name: string) => (options[name] == null ? '' : String(options[name]));
  if (FILESYSTEM.test(backend)) return { kind: 'filesystem', root: word('location') || mediaRoot(settings) };
  if (!S3.test(backend)) {
    throw new StorageChoiceError(
      `The storage back end ${backend} is not supported; there are FileSystem and S3Storage.`,
    );
  }
  return checked({
    kind: 's3',
    bucket: word('bucket_name'),
    endpoint: word('endpoint_url') || null,
    region: word('region_name') || settings.s3Region,
    accessKey: word('access_key'),
    secretKey: word('secret_key'),
    pathStyle: word('addressing_style') === '' ? word('endpoint_url') !== '' : word('addressing_style') === 'path',
    prefix: word('location'),
    linkExpiry: Number(word('querystring_expire')) || settings.s3LinkExpiry,
  });
}

/** Directory of the artifacts in the file system, and of files on their way into any storage. */
export function mediaRoot(settings: Pick<Settings, 'data' | 'mediaRoot'>): string {
  return settings.mediaRoot || join(settings.data, 'media');
}

/** Where files are on their way in: on the file system of the artifacts if they are in one, so that moving in is a rename. */
export function temporaryDirectory(settings: Pick<Settings, 'data' | 'mediaRoot'>): string {
  return join(mediaRoot(settings), 'tmp', 'files');
}

function checked(choice: S3Choice): S3Choice {
  if (choice.bucket === '') throw new StorageChoiceError('An object store needs a bucket: set s3_bucket.');
  return { ...choice, prefix: choice.prefix.replace(/^\/+|\/+$/g, '') };
}
