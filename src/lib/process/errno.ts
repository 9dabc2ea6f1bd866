/** Recognising errors of the operating system by their code. */

/** True when `error` carries one of the codes (`ENOENT`, `ENOSPC` …). */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
