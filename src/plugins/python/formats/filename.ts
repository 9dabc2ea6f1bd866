/** What the file names of distributions tell: the kind of package, its Python version, project and version. */
import { normalizeName } from './project-name.ts';

export type PackageType = 'bdist_wheel' | 'bdist_wininst' | 'bdist_egg' | 'sdist';

/** In the order in which they are tried. */
const EXTENSIONS: readonly (readonly [extension: string, type: PackageType])[] = [
  ['.whl', 'bdist_wheel'],
  ['.exe', 'bdist_wininst'],
  ['.egg', 'bdist_egg'],
  ['.tar.bz2', 'sdist'],
  ['.tar.gz', 'sdist'],
  ['.zip', 'sdist'],
];

/** The kind of package by the extension; undefined for a name no installer knows. */
export function packageTypeOf(filename: string): PackageType | undefined {
  return EXTENSIONS.find(([extension]) => filename.endsWith(extension))?.[1];
}

interface WheelName {
  readonly name: string;
  readonly version: string;
  readonly build: string | null;
  readonly python: string;
  readonly abi: string;
  readonly platform: string;
}

/** The parts of a wheel's name (PEP 427): `name-version(-build)-python-abi-platform.whl`; undefined when it is none. */
export function parseWheelName(filename: string): WheelName | undefined {
  if (!filename.endsWith('.whl')) return undefined;
  const parts = filename.slice(0, -4).split('-');
  if (parts.length < 5 || parts.length > 6 || parts.some((part) => part === '')) return undefined;
  const [platform, abi, python] = parts.reverse() as [string, string, string];
  const build = parts.length === 6 ? parts[3]! : null;
  if (build !== null && !/^\d/.test(build)) return undefined;
  const [version, name] = parts.slice(-2) as [string, string];
  return { name, version, build, python, abi, platform };
}

const EGG = /^[^-]+-[^-]+(?:-(py[^-]+))?(?:-(.+))?\.egg$/;
const WININST = /^.+?-[^-]+\.(?:[^-]+(?:-[^-]+)??)(?:-(py\d[\d.]*))?\.exe$/;

/**
 * `source` for sdists, else the Python tag of the name (`py3`, `cp311`); eggs and installers give it without `py` (`2.7`).
 * Empty where the name tells none.
 */
export function pythonVersionOf(filename: string, type: PackageType): string {
  switch (type) {
    case 'sdist':
      return 'source';
    case 'bdist_wheel':
      return parseWheelName(filename)?.python ?? '';
    case 'bdist_egg':
      return withoutPy(EGG.exec(filename)?.[1]);
    case 'bdist_wininst':
      return withoutPy(WININST.exec(filename)?.[1]);
  }
}

const withoutPy = (tag: string | undefined) => tag?.replace(/^py/, '') ?? '';

/** Names that can be the last part of a URL and of a path: no separators, no white space, no control characters. */
export function isSafeFilename(filename: string): boolean {
  if (filename === '' || filename.length > 255 || filename === '.' || filename === '..') return false;
  return Array.from(filename).every((sign) => sign > ' ' && sign !== '\u007f' && !'/\\?#'.includes(sign));
}

const ARCHIVE = /\.(?:tar\.gz|tar\.bz2|zip|egg|exe|whl)$/;
/** What installers and archives of built files have behind the version: `0.1.win-amd64-py2.7`, `0.1.linux-x86_64`. */
const PLATFORM = /\.(?:aix|cygwin|darwin|linux|macosx|solaris|sunos|win)[\w.-]*$/i;

/** The version in the name of a file: wheels have it in a fixed place, others behind the name of the project. */
export function versionOf(filename: string, normalized: string): string {
  const wheel = parseWheelName(filename);
  if (wheel) return wheel.version;
  const stem = filename.replace(ARCHIVE, '');
  for (let at = stem.indexOf('-'); at >= 0; at = stem.indexOf('-', at + 1)) {
    if (normalizeName(stem.slice(0, at)) !== normalized) continue;
    const version = stem.slice(at + 1);
    return filename.endsWith('.egg') ? version.replace(/-.*/s, '') : version.replace(PLATFORM, '');
  }
  return stem.slice(stem.lastIndexOf('-') + 1);
}
