/** Reads a package file: its metadata, and the bytes of a wheel's METADATA that clients may ask for alone (PEP 658). */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../../../../lib/errors.ts';
import { bunzip2 } from '../../../../lib/text/bunzip2.ts';
import { type PackageType, packageTypeOf, pythonVersionOf } from '../filename.ts';
import { fitsFilename } from '../fits-filename.ts';
import { type CoreMetadata, parseCoreMetadata } from './core-metadata.ts';
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

/** In bytes. */
export interface PackageLimits {
  /** Longest metadata file that is read. */
  readonly metadata: number;
  /** An archive is searched no further than this many unpacked bytes. */
  readonly unpacked: number;
  /** Bzip2 is unpacked by the program itself, which takes its time. */
  readonly unpackedBzip2: number;
}

/** What Pulp says of a name without one of the known extensions. */
export function extensionMessage(filename: string): string {
  return `Extension on ${filename} is not a valid python extension (.whl, .exe, .egg, .tar.gz, .tar.bz2, .zip)`;
}

/**
 * The facts of the package file at `path`, whose name for users is `filename`. Throws PackageError for a name without a known
 * extension, a damaged or oversized archive, and one without metadata (core metadata specification; PEP 427, 517, 625).
 */
export async function readPackage(path: string, filename: string, limits: PackageLimits): Promise<PackageFacts> {
  const type = packageTypeOf(filename);
  if (!type) throw new PackageError(extensionMessage(filename));
  const bytes = await metadataBytes(path, filename, type, limits);
  return {
    packagetype: type,
    python_version: pythonVersionOf(filename, type),
    metadata: parseCoreMetadata(bytes),
    metadataFile: type === 'bdist_wheel' ? bytes : null,
  };
}

/** Throws PackageError also where the name of the file says another project or version than what is inside, by which it is listed. */
export async function readNamedPackage(path: string, filename: string, limits: PackageLimits): Promise<PackageFacts> {
  const facts = await readPackage(path, filename, limits);
  const { name, version } = facts.metadata;
  if (fitsFilename(filename, name, version)) return facts;
  throw new PackageError(`its metadata is of ${name} ${version}, which its name does not say`);
}

async function metadataBytes(
  path: string,
  filename: string,
  type: PackageType,
  limits: PackageLimits,
): Promise<Buffer> {
  const { metadata } = limits;
  switch (type) {
    case 'bdist_wheel':
      return await fromZip(path, metadata, isDistInfo, (name) => isDistInfoOf(filename, name));
    case 'bdist_egg':
      return await fromZip(path, metadata, (name) => name === 'EGG-INFO/PKG-INFO');
    case 'bdist_wininst':
      return await fromZip(path, metadata, (name) => name.endsWith('PKG-INFO') || name.endsWith('.egg-info'));
    case 'sdist':
      return filename.endsWith('.zip')
        ? await fromZip(path, metadata, isPackageInfo)
        : await fromTar(path, filename.endsWith('.bz2'), limits);
  }
}

const isDistInfo = (name: string) => /^[^/]+\.dist-info\/METADATA$/.test(name);

/** A wheel may have dist-info of others beside its own (PEP 427): of what it has vendored, or left from an earlier build. */
function isDistInfoOf(filename: string, member: string): boolean {
  const [, name, version] = /^([^/]+?)-([^/-]+)\.dist-info\//.exec(member) ?? [];
  return name !== undefined && version !== undefined && fitsFilename(filename, name, version);
}

const isPackageInfo = (name: string) => name === 'PKG-INFO' || name.endsWith('/PKG-INFO');
const depthOf = (name: string) => name.replace(/^\.\//, '').split('/').length;

/** The shallowest member that is wanted and is metadata; one that is preferred comes before all others. */
async function fromZip(
  path: string,
  most: number,
  wanted: (name: string) => boolean,
  preferred: (name: string) => boolean = () => false,
): Promise<Buffer> {
  return await ZipReader.use(path, async (zip) => {
    const rank = ({ name }: { readonly name: string }) => (preferred(name) ? 0 : depthOf(name));
    const members = (await zip.members(wanted)).sort((a, b) => rank(a) - rank(b));
    for (const member of members.slice(0, 10)) {
      const bytes = await zip.read(member, most);
      if (bytes.includes('Metadata-Version')) return bytes;
    }
    throw new PackageError('it has no metadata');
  });
}

/** The shallowest PKG-INFO; one directly below the top directory ends the search. */
async function fromTar(path: string, isBzip2: boolean, limits: PackageLimits): Promise<Buffer> {
  let found: { depth: number; bytes: Buffer } | undefined;
  const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
  const unpacked = isBzip2 ? bunzip2(raw) : raw.pipe(createGunzip());
  raw.on('error', () => undefined);
  try {
    const total = isBzip2 ? limits.unpackedBzip2 : limits.unpacked;
    await walkTar(unpacked, { total, member: limits.metadata }, async (name, read) => {
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
