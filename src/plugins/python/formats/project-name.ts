/** Names of Python projects: the form that compares equal for all spellings, and what a name may be. */

/** As much as fits into a path of many file systems. */
const LONGEST = 255;
const VALID = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;

/** Lower case, with each run of `-`, `_` and `.` as one `-` (PEP 503). */
export function normalizeName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}

/** Whether a name has the form the core metadata specification asks for (ASCII letters, digits, `.`, `_`, `-`). */
export function isValidName(name: string): boolean {
  return name.length <= LONGEST && VALID.test(name);
}
