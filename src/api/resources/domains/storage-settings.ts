/** What the storage of a domain can be set to, by its class: fields, defaults, secrets, and the other names they go by (core.md §7.4). */
import { ValidationError } from '../../../lib/errors.ts';
import {
  boolean,
  choice,
  type Field,
  integer,
  list,
  map,
  nested,
  object,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { Refused, validateValue } from '../../engine/validate-value.ts';

export const FILE_SYSTEM = 'pulpcore.app.models.storage.FileSystem';
const S3 = 'storages.backends.s3.S3Storage';
const S3_OLD = 'storages.backends.s3boto3.S3Boto3Storage';
const AZURE = 'storages.backends.azure_storage.AzureStorage';

export const STORAGE_CLASSES = [FILE_SYSTEM, S3_OLD, S3, AZURE] as const;

interface StorageClass {
  readonly fields: Readonly<Record<string, Field>>;
  /** Names of Pulp's settings in lower case, for fields. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly check?: (values: Values) => void;
}

const hidden: Partial<Field> = { writeOnly: true, secret: true };
const text = (value: string): Field => string({ default: value, blank: true });
const maybe = (more: Partial<Field> = {}): Field => string({ nullable: true, default: null, ...more });
const need = (more: Partial<Field> = {}): Field => string({ required: true, ...more });
const flag = (value: boolean): Field => boolean({ default: value });
const count = (value: number): Field => integer({ default: value });
const objects = (): Field => map({ kind: 'json', nullable: true }, { default: {} });

const absolute = (value: unknown): string | undefined =>
  value === '' || String(value).startsWith('/')
    ? undefined
    : 'Must be an absolute path, or empty for the place of the server.';

const fileSystem: StorageClass = {
  fields: {
    location: need({ blank: true, check: absolute }),
    base_url: text(''),
    file_permissions_mode: count(0o644),
    directory_permissions_mode: integer({ nullable: true, default: null }),
  },
  aliases: {
    media_root: 'location',
    media_url: 'base_url',
    file_upload_permissions: 'file_permissions_mode',
    file_upload_directory_permissions: 'directory_permissions_mode',
  },
};

const transfer: Record<string, Field> = {
  multipart_threshold: count(8 * 1024 * 1024),
  max_concurrency: count(10),
  multipart_chunksize: count(8 * 1024 * 1024),
  num_download_attempts: count(5),
  max_io_queue: count(100),
  io_chunksize: count(256 * 1024),
  use_threads: flag(true),
  max_bandwidth: integer({ nullable: true, default: null }),
  preferred_transfer_client: choice('', ['auto', 'classic'], { default: 'auto' }),
};
const compressible = [
  'text/css',
  'text/javascript',
  'application/javascript',
  'application/x-javascript',
  'image/svg+xml',
];

const s3: StorageClass = {
  fields: {
    access_key: need(hidden),
    secret_key: maybe(hidden),
    security_token: maybe(hidden),
    file_overwrite: flag(true),
    object_parameters: objects(),
    bucket_name: need(),
    querystring_auth: flag(true),
    querystring_expire: count(3600),
    signature_version: maybe(),
    location: text(''),
    custom_domain: maybe(),
    cloudfront_key_id: maybe(),
    cloudfront_key: maybe(hidden),
    addressing_style: maybe(),
    file_name_charset: string({ default: 'utf-8' }),
    gzip: flag(false),
    gzip_content_types: list(string(), { default: compressible }),
    url_protocol: string({ default: 'https:' }),
    endpoint_url: maybe(),
    proxies: object({ nullable: true, default: null }),
    region_name: maybe(),
    use_ssl: flag(true),
    verify: boolean({ nullable: true, default: null }),
    max_memory_size: count(0),
    default_acl: maybe(),
    use_threads: flag(true),
    transfer_config: nested('', transfer, { nullable: true, default: null }),
  },
  aliases: {
    ...prefixed('aws_s3_', [
      'access_key_id=access_key',
      'secret_access_key=secret_key',
      'file_overwrite',
      'object_parameters',
    ]),
    ...prefixed('aws_', ['access_key_id=access_key', 'secret_access_key=secret_key', 'session_token=security_token']),
    ...prefixed('aws_', [
      'security_token',
      'storage_bucket_name=bucket_name',
      'querystring_auth',
      'querystring_expire',
    ]),
    ...prefixed('aws_', ['location', 'cloudfront_key_id', 'cloudfront_key', 'is_gzipped=gzip', 'default_acl']),
    ...prefixed('aws_s3_', [
      'signature_version',
      'custom_domain',
      'addressing_style',
      'file_name_charset',
      'url_protocol',
    ]),
    ...prefixed('aws_s3_', ['endpoint_url', 'proxies', 'region_name', 'use_ssl', 'verify', 'max_memory_size']),
    ...prefixed('aws_s3_', ['use_threads', 'transfer_config']),
  },
  check: ({ secret_key, security_token }) => {
    if (secret_key || security_token) return;
    throw new Refused({ non_field_errors: ["One of 'secret_key' or 'security_token' must be set."] });
  },
};

const azure: StorageClass = {
  fields: {
    account_name: need(hidden),
    account_key: need(hidden),
    object_parameters: objects(),
    azure_container: need(),
    azure_ssl: flag(true),
    upload_max_conn: count(2),
    timeout: count(20),
    max_memory_size: count(2 * 1024 * 1024),
    expiration_secs: integer({ nullable: true, default: null }),
    overwrite_files: flag(true),
    location: text(''),
    cache_control: maybe(),
    sas_token: maybe(hidden),
    endpoint_suffix: string({ default: 'core.windows.net' }),
    custom_domain: maybe(),
    connection_string: maybe(hidden),
    token_credential: maybe(hidden),
    api_version: maybe(),
  },
  aliases: {
    ...prefixed('azure_', [
      'account_name',
      'account_key',
      'object_parameters',
      'container=azure_container',
      'ssl=azure_ssl',
    ]),
    ...prefixed('azure_', [
      'upload_max_conn',
      'connection_timeout_secs=timeout',
      'blob_max_memory_size=max_memory_size',
    ]),
    ...prefixed('azure_', ['url_expiration_secs=expiration_secs', 'overwrite_files', 'location', 'cache_control']),
    ...prefixed('azure_', ['sas_token', 'endpoint_suffix', 'custom_domain', 'connection_string', 'token_credential']),
    ...prefixed('azure_', ['api_version']),
  },
};

const classes: Readonly<Record<string, StorageClass>> = {
  [FILE_SYSTEM]: fileSystem,
  [S3]: s3,
  [S3_OLD]: s3,
  [AZURE]: azure,
};

/** `aws_` with `location` and `is_gzipped=gzip`: names with the prefix for fields of the same or another name. */
function prefixed(prefix: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const [from, to = from] = name.split('=');
      return [`${prefix}${from}`, to!];
    }),
  );
}

const fieldsOf = (storageClass: string) => Object.entries(classes[storageClass]!.fields);
const isHidden = (field: Field) => field.writeOnly === true;

export interface CheckedSettings {
  readonly open: Values;
  readonly secret: Values;
  /** Secrets were given, be they the same or not. */
  readonly givesSecret: boolean;
}

/** Complete settings of a class; throws ValidationError with what is wrong under `storage_settings`. */
export function checkStorageSettings(storageClass: string, given: unknown, existing: Values = {}): CheckedSettings {
  try {
    const { fields, aliases, check } = classes[storageClass]!;
    const own = renamed(toObject(given), fields, aliases);
    const values = validateAll(fields, { ...existing, ...own });
    check?.(values);
    const part = (wanted: boolean) =>
      Object.fromEntries(Object.entries(values).filter(([name]) => isHidden(fields[name]!) === wanted));
    const givesSecret = Object.keys(own).some((name) => isHidden(fields[name]!));
    return { open: part(false), secret: part(true), givesSecret };
  } catch (error) {
    if (error instanceof Refused) throw new ValidationError({ storage_settings: error.body });
    throw error;
  }
}

function toObject(given: unknown): Values {
  let value = given;
  if (typeof given === 'string') {
    try {
      value = JSON.parse(given);
    } catch {
      throw new Refused('Improper JSON string passed in');
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refused('Storage settings should be a JSON object.');
  return value as Values;
}

function renamed(given: Values, fields: StorageClass['fields'], aliases: StorageClass['aliases']): Values {
  const own = (key: string) =>
    Object.hasOwn(fields, key) ? key : new Map(Object.entries(aliases)).get(key.toLowerCase());
  const unknown = Object.keys(given).filter((key) => own(key) === undefined);
  if (unknown.length > 0) throw new Refused(Object.fromEntries(unknown.map((key) => [key, 'Unexpected field'])));
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [own(key)!, value]));
}

function validateAll(fields: StorageClass['fields'], given: Values): Values {
  return validateValue(nested('', fields), given, false) as Values;
}

/** As answers show them: secrets only by whether they are set. */
export function shownSettings(storageClass: string, open: Values, secret: ReadonlySet<string>): Values {
  const fields = fieldsOf(storageClass);
  const hiddenFields = fields
    .filter(([, field]) => isHidden(field))
    .map(([name]) => ({ name, is_set: secret.has(name) }));
  const shown = fields
    .filter(([, field]) => !isHidden(field))
    .map(([name, field]) => [name, open[name] ?? field.default ?? null]);
  return { hidden_fields: hiddenFields, ...Object.fromEntries(shown) };
}
