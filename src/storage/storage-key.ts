/** Keys of stored files: relative paths that cannot leave the store. */
import { InvalidKey } from './storage-errors.ts';

/** Throws InvalidKey for empty, absolute and climbing ones. */
export function checkKey(key: string): void {
  const parts = key.split('/');
  const bad = key.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..');
  if (bad) throw new InvalidKey(key);
}
