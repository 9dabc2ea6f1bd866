/** Settings of the place where artifacts are kept. */
import { boolean, choice, integer, optionalText, text } from './setting.ts';

export const storageSettings = {
  storage: choice('', ['', 'filesystem', 's3'], 'Where artifacts are kept; empty: as storages says, else filesystem'),
  storage_former: choice(
    '',
    ['', 'filesystem', 's3'],
    'While artifacts move: where they are read as long as they are not in storage',
  ),
  s3_bucket: text('', 'Bucket of the object store'),
  s3_endpoint: optionalText('URL of an object store other than Amazon, such as https://objects.example.com'),
  s3_region: text('us-east-1', 'Region of the bucket'),
  s3_access_key: text('', 'Access key; empty: from AWS_ variables, profiles or the role of the machine', {
    secret: true,
  }),
  s3_secret_key: text('', 'Secret key that belongs to s3_access_key', { secret: true }),
  s3_path_style: boolean(true, 'Name the bucket in the path; false names it in the host'),
  s3_prefix: text('', 'Prefix of all keys, to share a bucket'),
  s3_link_expiry: integer(3600, 'Seconds for which links to the object store are valid', { minimum: 1 }),
};
