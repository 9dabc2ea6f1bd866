/** Opens the storage that was chosen; the client of object stores is loaded only where there is one. */
import type { StorageChoice } from '../../config/chosen-storage.ts';
import type { StorageDriver } from './driver.ts';
import { FilesystemDriver } from './filesystem.ts';

export async function openDriver(choice: StorageChoice): Promise<StorageDriver> {
  if (choice.kind === 'filesystem') return await FilesystemDriver.create(choice.root);
  const { S3Driver } = await import('./s3.ts');
  return new S3Driver(choice);
}
