/** Files that are only upstream: where they are, and what becomes of them once a client has fetched one. */
import { type Digests, isDigestName } from '../../../lib/crypto/digest.ts';
import { SingleFlight } from '../../../lib/flow/single-flight.ts';
import type { DeclaredContent, PulledBytes, Remote, Services, UpstreamFile } from '../../../plugin-api/index.ts';
import { PackageError } from '../formats/archives/package-error.ts';
import { readNamedPackage } from '../formats/archives/read-package.ts';
import { isSafeFilename, packageTypeOf, parseWheelName } from '../formats/filename.ts';
import { type IndexFile, metadataUrl } from '../formats/index/index-file.ts';
import { normalizeName } from '../formats/project-name.ts';
import { parseVersion } from '../formats/version.ts';
import { packageLimits } from '../uploads/package-limits.ts';
import { declarePackage } from '../uploads/upload.ts';
import { selectionOf, wantsProject } from './select-files.ts';
import { UpstreamIndex } from './upstream-index.ts';

const RETRIES = 1;
/** Milliseconds for which what upstream says of a project is used again: an installer asks for several files of it. */
const FRESH = 30_000;
const MOST_KEPT = 200;

interface Kept {
  readonly files: readonly IndexFile[];
  readonly until: number;
}

const running = new SingleFlight<string, readonly IndexFile[]>();
const kept = new Map<string, Kept>();

/**
 * Where upstream's index says that a file is. Only what it lists is fetched, whatever the query of a client names: so nobody can
 * have any URL fetched by this server, and the digest is known before the first byte.
 */
export async function locateUpstream(services: Services, remote: Remote, path: string): Promise<UpstreamFile | null> {
  const isMetadata = path.endsWith('.metadata');
  const filename = isMetadata ? path.slice(0, -'.metadata'.length) : path;
  if (!isSafeFilename(filename) || !packageTypeOf(filename)) return null;
  const selection = selectionOf(remote.details);
  let refusal: unknown;
  for (const project of projectsOf(filename)) {
    if (!wantsProject(selection, project)) continue;
    // A number in the name of a project looks like a version: what there is no such project for may be refused.
    const files = await filesOf(services, remote, project).catch((error: unknown) => {
      refusal ??= error;
      return [];
    });
    const file = files.find((one) => one.filename === filename);
    if (file)
      return isMetadata ? metadataOf(file) : { url: file.url, size: file.size, digests: toldDigests(file.hashes) };
  }
  if (refusal) throw refusal;
  return null;
}

/** Installers that know no queries put `.metadata` behind the whole URL, and so behind the address in the query (PEP 658). */
export function pathWithQuery(path: string, query: URLSearchParams): string {
  const asksMetadata = query.get('redirect')?.endsWith('.metadata') ?? false;
  return asksMetadata && !path.endsWith('.metadata') ? `${path}.metadata` : path;
}

function metadataOf({ metadata, url }: IndexFile): UpstreamFile | null {
  if (metadata === null) return null;
  return { url: metadataUrl(url), digests: toldDigests(metadata) };
}

/** What the bytes are checked against: the SHA-256, or all that upstream tells where it tells none. Malformed ones fit no bytes. */
function toldDigests(told: Readonly<Record<string, string>>): Digests {
  if (told.sha256) return { sha256: told.sha256 };
  return Object.fromEntries(Object.entries(told).filter(([name]) => isDigestName(name)));
}

/** The projects a file may belong to: its name has them before a dash and the version. */
export function projectsOf(filename: string): string[] {
  const wheel = parseWheelName(filename);
  if (wheel) return [normalizeName(wheel.name)];
  const stem = filename.replace(/\.(?:tar\.gz|tar\.bz2|zip|egg|exe)$/, '');
  const names: string[] = [];
  for (let at = stem.indexOf('-'); at >= 0; at = stem.indexOf('-', at + 1)) {
    const version = stem.slice(at + 1);
    if (/^\d/.test(version) || parseVersion(version)) names.push(normalizeName(stem.slice(0, at)));
  }
  return names;
}

/** What upstream says of a project; kept for a while. Throws when upstream does not answer. */
export async function filesOf(services: Services, remote: Remote, project: string): Promise<readonly IndexFile[]> {
  const key = `${remote.pulpId} ${remote.settings.url} ${project}`;
  const known = kept.get(key);
  if (known && known.until > performance.now()) return known.files;
  const files = await running.run(key, () => fetchFiles(services, remote, project));
  kept.delete(key);
  kept.set(key, { files, until: performance.now() + FRESH });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  return files;
}

async function fetchFiles(services: Services, remote: Remote, project: string): Promise<readonly IndexFile[]> {
  const downloader = services.downloader(remote.settings);
  try {
    const upstream = new UpstreamIndex(downloader, remote.settings.url, new AbortController().signal, RETRIES);
    return (await upstream.files(project)) ?? [];
  } finally {
    await downloader.close();
  }
}

/** The package in a fetched file; nothing for metadata files and for what cannot be read. */
export async function pulledPackage(
  path: string,
  digests: Readonly<Record<string, string>>,
  size: number,
  bytes: PulledBytes,
): Promise<DeclaredContent | undefined> {
  if (!packageTypeOf(path)) return undefined;
  try {
    const facts = await readNamedPackage(bytes.file, path, packageLimits(bytes.services));
    return await declarePackage(facts, { digests, size, filename: path, content: bytes });
  } catch (error) {
    if (error instanceof PackageError) return undefined;
    throw error;
  }
}
