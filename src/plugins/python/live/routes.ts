/** Which part of a live index a path asks for: the path below the base path of a distribution. */

export type LiveRoute =
  | { readonly kind: 'root' }
  | { readonly kind: 'index' }
  | { readonly kind: 'project'; readonly name: string }
  | { readonly kind: 'legacy' }
  | { readonly kind: 'metadata'; readonly name: string; readonly version: string | null }
  | { readonly kind: 'provenance'; readonly name: string; readonly version: string; readonly filename: string }
  | { readonly kind: 'yank' }
  | { readonly kind: 'unyank' }
  | { readonly kind: 'updates' }
  | { readonly kind: 'newProjects' }
  | { readonly kind: 'releases'; readonly name: string };

/** What may be done at a path, for the header that tells it. */
export function allowedAt({ kind }: LiveRoute): string {
  if (kind === 'index') return 'GET, POST, HEAD, OPTIONS';
  return kind === 'legacy' || kind === 'yank' || kind === 'unyank' ? 'POST, OPTIONS' : 'GET, HEAD, OPTIONS';
}

/** Without the slash at the end; undefined for what no index has. */
export function routeOf(path: string): LiveRoute | undefined {
  const parts = path.split('/');
  const [first, second, third, fourth, fifth] = parts;
  const is = (length: number, ...start: string[]) =>
    parts.length === length && start.every((part, at) => parts[at] === part);
  if (path === '') return { kind: 'root' };
  if (is(1, 'simple')) return { kind: 'index' };
  if (is(2, 'simple') && second) return { kind: 'project', name: second };
  if (is(1, 'legacy')) return { kind: 'legacy' };
  if (is(1, 'yank')) return { kind: 'yank' };
  if (is(1, 'unyank')) return { kind: 'unyank' };
  if (is(3, 'pypi') && second && third === 'json') return { kind: 'metadata', name: second, version: null };
  if (is(4, 'pypi') && second && third && fourth === 'json') return { kind: 'metadata', name: second, version: third };
  if (is(5, 'integrity') && second && third && fourth && fifth === 'provenance') {
    return { kind: 'provenance', name: second, version: third, filename: fourth };
  }
  if (is(2, 'rss', 'updates.xml')) return { kind: 'updates' };
  if (is(2, 'rss', 'packages.xml')) return { kind: 'newProjects' };
  if (is(4, 'rss', 'project') && third && fourth === 'releases.xml') return { kind: 'releases', name: third };
  return first === undefined ? { kind: 'root' } : undefined;
}
