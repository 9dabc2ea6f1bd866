/** Canonical relative paths of content, and their form inside URLs. */

/** Longest path accepted, in UTF-8 bytes: what PATH_MAX of the usual file systems leaves. */
const MAX_PATH_BYTES = 4096;

/** White space, NUL and other controls, `?` and `#`: nothing of it survives a round trip through a URL or a listing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
const FORBIDDEN = /[\s\u0000-\u001f\u007f?#]/u;

/** True when a path has no empty, `.` or `..` component, no slash at its ends, no white space, `?` or `#` (core.md §3.3). */
export function isCanonicalPath(path: string): boolean {
  if (path === '' || FORBIDDEN.test(path) || !path.isWellFormed()) return false;
  return !path.split('/').some((part) => part === '' || part === '.' || part === '..');
}

/** The message for a path that is not canonical or too long, or undefined when it is fine. */
export function relativePathError(path: string): string | undefined {
  if (!isCanonicalPath(path)) return `Relative path is not in canonical form. ${path}`;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `Relative path is longer than ${MAX_PATH_BYTES} bytes.`;
  return undefined;
}

/** What may stand in a path component as it is (RFC 3986 pchar); encodeURIComponent escapes some of it needlessly. */
const NEEDLESS = /%(?:21|24|26|27|28|29|2A|2B|2C|3A|3B|3D|40)/g;
const PLAIN = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;

/** A path percent-encoded for a URL; slashes stay, and so does everything a path component may hold unescaped. */
export function encodePath(path: string): string {
  if (PLAIN.test(path)) return path;
  const encode = (part: string) => encodeURIComponent(part).replace(NEEDLESS, decodeURIComponent);
  return path.toWellFormed().split('/').map(encode).join('/');
}

/** The path of a request without its escapes, or undefined when they are not valid UTF-8 or hide a NUL. */
export function decodePath(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    const path = decodeURIComponent(raw);
    return path.includes('\0') ? undefined : path;
  } catch {
    return undefined;
  }
}

/** The last component of a path. */
export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
