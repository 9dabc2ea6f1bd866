/** Reads a package file: its metadata, and the bytes of a wheel's METADATA that clients may ask for alone (PEP 658). */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { bunzip2 } from '../../../lib/bunzip2.ts';
import { messageOf } from '../../../lib/errors.ts';
import { type CoreMetadata, parseCoreMetadata } from './core-metadata.ts';
import { type PackageType, packageTypeOf, pythonVersionOf } from './filename.ts';
import { PackageError } from './package-error.ts';
import { walkTar } from './tar-reader.ts';
import { ZipReader } from './zip-reader.ts';

export interface PackageFacts {
  readonly packagetype: PackageType;
  readonly python_version: string;
  readonly metadata: CoreMetadata;
  /** METADATA of a wheel as it is in the file. */
  readonly metadataFile: Buffer | null;
}

/** Longest metadata file that is read. */
const MAX_METADATA = 16 * 1024 * 1024;
/** An archive is searched no further than this many unpacked bytes. */
const MAX_UNPACKED = 2 * 1024 ** 3;
/** Bzip2 is unpacked by the program itself, which takes its time. */
const MAX_UNPACKED_BZIP2 = 512 * 1024 ** 2;

/** What the peer says of a name without one of the known extensions. */
export function extensionMessage(filename: string): string {
  return `Extension on ${filename} is not a valid python extension (.whl, .exe, .egg, .tar.gz, .tar.bz2, .zip)`;
}

/**
 * The facts of the package file at `path`, whose name for users is `filename`. Throws PackageError for a name without a known
 * extension, a damaged or oversized archive, and one without metadata (core metadata specification; PEP 427, 517, 625).
 */
export async function readPackage(path: string, filename: string): Promise<PackageFacts> {
  const type = packageTypeOf(filename);
  if (!type) throw new PackageError(extensionMessage(filename));
  const bytes = await metadataBytes(path, filename, type);
  return {
    packagetype: type,
    python_version: pythonVersionOf(filename, type),
    metadata: parseCoreMetadata(bytes),
    metadataFile: type === 'bdist_wheel' ? bytes : null,
  };
}

async function metadataBytes(path: string, filename: string, type: PackageType): Promise<Buffer> {
  switch (type) {
    case 'bdist_wheel':
      return await fromZip(path, (name) => /^[^/]+\.dist-info\/METADATA$/.test(name));
    case 'bdist_egg':
      return await fromZip(path, (name) => name === 'EGG-INFO/PKG-INFO');
    case 'bdist_wininst':
      return await fromZip(path, (name) => name.endsWith('PKG-INFO') || name.endsWith('.egg-info'));
    case 'sdist':
      return filename.endsWith('.zip')
        ? await fromZip(path, isPackageInfo)
        : await fromTar(path, filename.endsWith('.bz2'));
  }
}

const isPackageInfo = (name: string) => name === 'PKG-INFO' || name.endsWith('/PKG-INFO');
const depthOf = (name: string) => name.replace(/^\.\//, '').split('/').length;

/** The shallowest member that is wanted and is metadata. */
async function fromZip(path: string, wanted: (name: string) => boolean): Promise<Buffer> {
  return await ZipReader.use(path, async (zip) => {
    const members = (await zip.members(wanted)).sort((a, b) => depthOf(a.name) - depthOf(b.name));
    for (const member of members.slice(0, 10)) {
      const bytes = await zip.read(member, MAX_METADATA);
      if (bytes.includes('Metadata-Version')) return bytes;
    }
    throw new PackageError('it has no metadata');
  });
}

/** The shallowest PKG-INFO; one directly below the top directory ends the search. */
async function fromTar(path: string, isBzip2: boolean): Promise<Buffer> {
  let found: { depth: number; bytes: Buffer } | undefined;
  const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
  const unpacked = isBzip2 ? bunzip2(raw) : raw.pipe(createGunzip());
  raw.on('error', () => undefined);
  try {
    const total = isBzip2 ? MAX_UNPACKED_BZIP2 : MAX_UNPACKED;
    await walkTar(unpacked, { total, member: MAX_METADATA }, async (name, read) => {
      const depth = depthOf(name);
      if (!isPackageInfo(name) || (found && depth >= found.depth)) return true;
      found = { depth, bytes: await read() };
      return depth > 2;
    });
  } catch (error) {
    throw error instanceof PackageError ? error : new PackageError(`it cannot be unpacked: ${messageOf(error)}`);
  } finally {
    raw.destroy();
  }
  if (!found) throw new PackageError('it has no metadata');
  return found.bytes;
}
