/** A package file that cannot be read: damaged, hostile, or without what every package must have. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
}
