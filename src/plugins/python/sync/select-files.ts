/** Which projects, releases and files of an index a remote wants. */
import type { Values } from '../../../plugin-api/index.ts';
import type { ReleaseFile } from '../formats/index/project-json.ts';
import { normalizeName } from '../formats/project-name.ts';
import { parseRequirement, type Requirement } from '../formats/requirement.ts';
import { allowsVersion } from '../formats/specifier.ts';
import { compareVersions, isPrerelease, parseVersion, type Version } from '../formats/version.ts';

/** The rules of a remote, ready to be applied. */
export interface Selection {
  /** By normalized name; null means all projects. */
  readonly includes: ReadonlyMap<string, readonly Requirement[]> | null;
  readonly excludes: ReadonlyMap<string, readonly Requirement[]>;
  readonly prereleases: boolean;
  readonly packageTypes: ReadonlySet<string>;
  readonly keepLatest: number;
  readonly excludePlatforms: ReadonlySet<string>;
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/** From the fields of a remote. Throws InvalidRequirement. */
export function selectionOf(details: Values): Selection {
  const includes = byName(texts(details.includes));
  return {
    includes: includes.size > 0 ? includes : null,
    excludes: byName(texts(details.excludes)),
    prereleases: details.prereleases === true,
    packageTypes: new Set(texts(details.package_types)),
    keepLatest: typeof details.keep_latest_packages === 'number' ? details.keep_latest_packages : 0,
    excludePlatforms: new Set(texts(details.exclude_platforms)),
  };
}

function byName(list: readonly string[]): Map<string, Requirement[]> {
  const found = new Map<string, Requirement[]>();
  for (const text of list) {
    const requirement = parseRequirement(text);
    found.set(requirement.normalized, [...(found.get(requirement.normalized) ?? []), requirement]);
  }
  return found;
}

/** Whether anything of a project can be wanted. */
export function wantsProject(selection: Selection, name: string): boolean {
  const normalized = normalizeName(name);
  const isBlocked = selection.excludes.get(normalized)?.some((one) => one.specifiers.clauses.length === 0) ?? false;
  return !isBlocked && (selection.includes === null || selection.includes.has(normalized));
}

/** Whether a release is wanted by its version; what is no version is wanted unless versions are named. */
function wantsVersion(selection: Selection, name: string, text: string): boolean {
  const version = parseVersion(text);
  if (!selection.prereleases && version && isPrerelease(version)) return false;
  return isNamed(selection, name, version);
}

/** Whether the requirements name a release, prereleases among them: its version has to be one. */
export function namesVersion(selection: Selection, name: string, text: string): boolean {
  const version = parseVersion(text);
  return version !== undefined && isNamed(selection, name, version);
}

function isNamed(selection: Selection, name: string, version: Version | undefined): boolean {
  const normalized = normalizeName(name);
  const matches = ({ specifiers }: Requirement) =>
    specifiers.clauses.length === 0 || (version !== undefined && allowsVersion(specifiers, version, true));
  if (selection.excludes.get(normalized)?.some(matches)) return false;
  const wanted = selection.includes?.get(normalized);
  return wanted === undefined ? selection.includes === null : wanted.some(matches);
}

type Platform = readonly [platform: string, types: readonly string[], names: RegExp];

/** Platform tags of wheels, and what the names of other binaries have. */
const PLATFORMS: readonly Platform[] = [
  ['windows', ['bdist_msi', 'bdist_wininst'], /[.-]win32|win[_-](?:amd64|arm64|ia64|arm32)/],
  ['macos', ['bdist_dmg'], /macosx[_-]/],
  ['freebsd', [], /[.-]freebsd/],
  ['linux', ['bdist_rpm'], /(?:^|[.-])(?:many|musl)?linux[_\d-]/],
];

/** Whether a file is wanted by its kind and platform. */
function wantsFile(selection: Selection, file: Pick<ReleaseFile, 'filename' | 'packagetype'>): boolean {
  const { packageTypes, excludePlatforms } = selection;
  if (packageTypes.size > 0 && !packageTypes.has(file.packagetype)) return false;
  const name = file.filename.toLowerCase();
  return !PLATFORMS.some(
    ([platform, types, names]) =>
      excludePlatforms.has(platform) &&
      file.packagetype !== 'sdist' &&
      (types.includes(file.packagetype) || names.test(name)),
  );
}

/**
 * The wanted releases with their wanted files: files first, then versions, then the newest of what is left. The release that upstream
 * calls its current one is always among these: where prereleases are wanted, it may be older than several of them.
 */
export function selectReleases(
  selection: Selection,
  name: string,
  releases: ReadonlyMap<string, readonly ReleaseFile[]>,
  current?: unknown,
): Map<string, readonly ReleaseFile[]> {
  const wanted = new Map<string, readonly ReleaseFile[]>();
  for (const [version, files] of releases) {
    if (!wantsVersion(selection, name, version)) continue;
    const kept = files.filter((file) => wantsFile(selection, file));
    if (kept.length > 0) wanted.set(version, kept);
  }
  return selection.keepLatest > 0 ? newest(wanted, selection.keepLatest, current) : wanted;
}

function newest<T>(releases: ReadonlyMap<string, T>, count: number, current: unknown): Map<string, T> {
  const parsed = [...releases].map(([text, files]) => ({ text, files, version: parseVersion(text) }));
  parsed.sort((a, b) => descending(a.version, b.version));
  const kept = parsed.slice(0, count);
  const needed = parsed.slice(count).find(({ text }) => text === current);
  if (needed) kept[count - 1] = needed;
  return new Map(kept.map(({ text, files }) => [text, files]));
}

/** What is no version counts as older than all others. */
function descending(a: Version | undefined, b: Version | undefined): number {
  if (a && b) return compareVersions(b, a);
  return a ? -1 : Number(b !== undefined);
}
