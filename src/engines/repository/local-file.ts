/** Bytes of the storage as local files, for what can only read those. */
import { rm } from 'node:fs/promises';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';

/** The bytes of an artifact as a local file, valid during the call; fetched from the store where that is not one already. */
export async function withLocalFile<T>(
  services: Services,
  domain: Domain,
  sha256: string,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const store = services.storage(domain);
  const key = store.keyOf(sha256);
  const local = store.driver.localPath(key);
  if (local !== undefined) return await work(local);
  await store.temporary.ensureDirectory();
  const file = store.temporary.newPath();
  try {
    await store.driver.copyOut(key, file);
    return await work(file);
  } finally {
    await rm(file, { force: true });
  }
}
