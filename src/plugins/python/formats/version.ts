/** Versions by PEP 440: reading, comparing, the normal spelling. */

type PreKind = 'a' | 'b' | 'rc';

export interface Version {
  readonly text: string;
  readonly epoch: number;
  readonly release: readonly number[];
  readonly pre: readonly [PreKind, number] | null;
  readonly post: number | null;
  readonly dev: number | null;
  readonly local: readonly (string | number)[];
}

const PATTERN =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;

const PRE_KINDS: Readonly<Record<string, PreKind>> = {
  alpha: 'a',
  a: 'a',
  beta: 'b',
  b: 'b',
  preview: 'rc',
  pre: 'rc',
  c: 'rc',
  rc: 'rc',
};

/** Longest text that is looked at: real versions are far shorter, and it bounds the work. */
const LONGEST = 1000;

/** The version, or undefined when the text is none (PEP 440, appendix B; case and white space at the ends do not count). */
export function parseVersion(text: string): Version | undefined {
  if (text.length > LONGEST) return undefined;
  const found = PATTERN.exec(text.trim().toLowerCase());
  if (!found) return undefined;
  const [, epoch, release, preKind, pre, bare, postWord, post, devWord, dev, local] = found;
  return {
    text,
    epoch: Number(epoch ?? 0),
    release: release!.split('.').map(Number),
    pre: preKind ? [PRE_KINDS[preKind]!, Number(pre ?? 0)] : null,
    post: bare !== undefined ? Number(bare) : postWord ? Number(post ?? 0) : null,
    dev: devWord ? Number(dev ?? 0) : null,
    local: local ? local.split(/[-_.]/).map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : [],
  };
}

/** True for alphas, betas, release candidates and development releases. */
export function isPrerelease(version: Version): boolean {
  return version.pre !== null || version.dev !== null;
}

/** The normal spelling without the local part: `1.0RC-1+x` is `1.0rc1`. */
export function publicVersion(version: Version): string {
  const { epoch, release, pre, post, dev } = version;
  return [
    epoch ? `${epoch}!` : '',
    release.join('.'),
    pre ? pre.join('') : '',
    post !== null ? `.post${post}` : '',
    dev !== null ? `.dev${dev}` : '',
  ].join('');
}

/** Numbers by size, with missing ones as zero. */
export function compareReleases(a: readonly number[], b: readonly number[]): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Dev releases without pre or post come before alphas, final releases after candidates. */
function preRank(version: Version): number {
  if (version.pre) return ['a', 'b', 'rc'].indexOf(version.pre[0]);
  return version.post === null && version.dev !== null ? -1 : 3;
}

/** No local part is the least; words come before numbers, shorter before longer. */
function compareLocals(a: Version['local'], b: Version['local']): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    if (one === other) continue;
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    if (typeof one === 'number') return 1;
    if (typeof other === 'number') return -1;
    return one < other ? -1 : 1;
  }
  return 0;
}

/** Without the local parts; negative when `a` is older. */
export function comparePublic(a: Version, b: Version): number {
  return (
    a.epoch - b.epoch ||
    compareReleases(a.release, b.release) ||
    preRank(a) - preRank(b) ||
    (a.pre?.[1] ?? 0) - (b.pre?.[1] ?? 0) ||
    (a.post ?? -1) - (b.post ?? -1) ||
    (a.dev ?? Number.POSITIVE_INFINITY) - (b.dev ?? Number.POSITIVE_INFINITY) ||
    0
  );
}

/** Negative when `a` is older (PEP 440, "Summary of permitted suffixes and relative ordering"). */
export function compareVersions(a: Version, b: Version): number {
  return comparePublic(a, b) || compareLocals(a.local, b.local);
}

/**
 * Whether two texts name one release: `1.0` and `v1.0.0` do (PEP 440). What is no version is compared as file names have it, which hold
 * neither blanks nor every sign.
 */
export function isSameVersion(a: string, b: string): boolean {
  const [one, other] = [parseVersion(a), parseVersion(b)];
  if (one && other) return compareVersions(one, other) === 0;
  return !one && !other && inFilename(a) === inFilename(b);
}

const inFilename = (text: string) => text.toLowerCase().replace(/[^a-z0-9.+]+/g, '-');

/** The one text of a release in all its spellings, to look it up by; what is no version stands for itself. */
export function releaseKey(text: string): string {
  const version = parseVersion(text);
  if (!version) return text;
  const release = [...version.release];
  while (release.length > 1 && release.at(-1) === 0) release.pop();
  const local = version.local.length > 0 ? `+${version.local.join('.')}` : '';
  return publicVersion({ ...version, release }) + local;
}

/** Compares texts: what is no version comes before all that are, in the order of their characters. */
export function compareVersionTexts(a: string, b: string): number {
  const [one, other] = [parseVersion(a), parseVersion(b)];
  if (one && other) return compareVersions(one, other);
  if (one || other) return one ? 1 : -1;
  return a < b ? -1 : Number(a > b);
}
