/** Version specifiers by PEP 440: `>=3.2.0,<3.3.1`. */
import {
  comparePublic,
  compareReleases,
  compareVersions,
  isPrerelease,
  parseVersion,
  publicVersion,
  type Version,
} from './version.ts';

type Operator = '===' | '==' | '!=' | '<=' | '>=' | '<' | '>' | '~=';

interface Clause {
  readonly operator: Operator;
  readonly text: string;
  /** Absent for `===`. */
  readonly version: Version | undefined;
  /** The version ends in `.*`. */
  readonly prefix: boolean;
}

export interface SpecifierSet {
  readonly clauses: readonly Clause[];
  /** A clause names a prerelease itself, which then allows prereleases. */
  readonly namesPrerelease: boolean;
}

const CLAUSE = /^(===|==|!=|<=|>=|<|>|~=)\s*(\S+)$/;

/** The specifiers, or undefined when one of them is malformed; an empty text allows everything. */
export function parseSpecifiers(text: string): SpecifierSet | undefined {
  const clauses: Clause[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const clause = parseClause(part.trim());
    if (!clause) return undefined;
    clauses.push(clause);
  }
  const namesPrerelease = clauses.some((one) => one.operator !== '!=' && one.version && isPrerelease(one.version));
  return { clauses, namesPrerelease };
}

function parseClause(text: string): Clause | undefined {
  const found = CLAUSE.exec(text);
  if (!found) return undefined;
  const operator = found[1] as Operator;
  const value = found[2]!;
  if (operator === '===') return { operator, text: value, version: undefined, prefix: false };
  const prefix = value.endsWith('.*');
  const version = parseVersion(prefix ? value.slice(0, -2) : value);
  if (!version || !fits(operator, version, prefix)) return undefined;
  return { operator, text: value, version, prefix };
}

/** Prefixes only with (in)equality, local parts too, and `~=` needs two numbers at least. */
function fits(operator: Operator, version: Version, prefix: boolean): boolean {
  const equality = operator === '==' || operator === '!=';
  if (prefix && (!equality || version.dev !== null || version.local.length > 0)) return false;
  if (version.local.length > 0 && !equality) return false;
  return operator !== '~=' || version.release.length > 1;
}

/** Whether a version satisfies all clauses; prereleases only where asked for or named. */
export function allowsVersion(specifiers: SpecifierSet, version: Version, prereleases = false): boolean {
  if (isPrerelease(version) && !prereleases && !specifiers.namesPrerelease) return false;
  return specifiers.clauses.every((clause) => satisfies(clause, version));
}

function satisfies({ operator, text, version: wanted, prefix }: Clause, version: Version): boolean {
  if (!wanted) return version.text.toLowerCase() === text.toLowerCase();
  switch (operator) {
    case '==':
      return prefix ? hasPrefix(version, wanted) : isEqual(version, wanted);
    case '!=':
      return !(prefix ? hasPrefix(version, wanted) : isEqual(version, wanted));
    case '<=':
      return comparePublic(version, wanted) <= 0;
    case '>=':
      return comparePublic(version, wanted) >= 0;
    case '<':
      return isBefore(version, wanted);
    case '>':
      return isAfter(version, wanted);
    default:
      return comparePublic(version, wanted) >= 0 && hasPrefix(version, parentOf(wanted));
  }
}

/** A local part counts only where the specifier has one. */
function isEqual(version: Version, wanted: Version): boolean {
  return (wanted.local.length > 0 ? compareVersions(version, wanted) : comparePublic(version, wanted)) === 0;
}

/** `<1.0` leaves out the prereleases of 1.0 unless it names one itself. */
function isBefore(version: Version, wanted: Version): boolean {
  if (comparePublic(version, wanted) >= 0) return false;
  return isPrerelease(wanted) || !isPrerelease(version) || !sameBase(version, wanted);
}

/** `>1.0` leaves out the post releases and local versions of 1.0 unless it names a post release itself. */
function isAfter(version: Version, wanted: Version): boolean {
  if (comparePublic(version, wanted) <= 0) return false;
  return wanted.post !== null || version.post === null || !sameBase(version, wanted);
}

function sameBase(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && compareReleases(a.release, b.release) === 0;
}

/** `~=2.2.1` has the prefix `2.2`. */
function parentOf(version: Version): Version {
  return { ...version, release: version.release.slice(0, -1), pre: null, post: null, dev: null, local: [] };
}

/** Compares part by part, with the release padded by zeros: `1.0.post1` has the prefix `1`. */
function hasPrefix(version: Version, prefix: Version): boolean {
  if (version.epoch !== prefix.epoch) return false;
  const padded = [...version.release];
  while (padded.length < prefix.release.length) padded.push(0);
  if (prefix.pre === null && prefix.post === null) return prefix.release.every((part, i) => part === padded[i]);
  return `${publicVersion(version)}.`.startsWith(`${publicVersion(prefix)}.`);
}
