/** An object store for tests, on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import type { S3Choice } from '../../src/config/chosen-storage.ts';

/** The keys the store knows. */
const accessKey = 'S3RVER';
const secretKey = 'S3RVER';

export interface ObjectStore {
  /** How to reach a bucket of it. */
  choice(bucket: string, prefix?: string): S3Choice;
  /** Settings of a server that keeps its artifacts in a bucket. */
  settings(bucket: string): Record<string, string>;
  readonly endpoint: string;
}

/**
 * Started for a test file, gone after it. `TEST_S3_ENDPOINT=http://127.0.0.1:9000 node --test test/storage/…` runs the tests against
 * any other store, which must know the keys below or take all.
 */
export async function useObjectStore(buckets: readonly string[]): Promise<ObjectStore> {
  const endpoint = process.env.TEST_S3_ENDPOINT ?? (await startStore(buckets));
  if (process.env.TEST_S3_ENDPOINT !== undefined) await makeBuckets(endpoint, buckets);
  return {
    endpoint,
    choice: (bucket, prefix = '') => ({
      kind: 's3',
      bucket,
      endpoint,
      region: 'us-east-1',
      accessKey,
      secretKey,
      pathStyle: true,
      prefix,
      linkExpiry: 600,
    }),
    settings: (bucket) => ({
      storage: 's3',
      s3_bucket: bucket,
      s3_endpoint: endpoint,
      s3_access_key: accessKey,
      s3_secret_key: secretKey,
    }),
  };
}

async function makeBuckets(endpoint: string, buckets: readonly string[]): Promise<void> {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  for (const Bucket of buckets) await client.send(new CreateBucketCommand({ Bucket }));
  client.destroy();
}

async function startStore(buckets: readonly string[]): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-objects-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: buckets.map((name) => ({ name })),
  });
  const { port } = await server.run();
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return `http://127.0.0.1:${port}`;
}
