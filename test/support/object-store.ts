/** An object store for tests, on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
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

/** Started for a test file, gone after it. */
export async function useObjectStore(buckets: readonly string[]): Promise<ObjectStore> {
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
  const endpoint = `http://127.0.0.1:${port}`;
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
