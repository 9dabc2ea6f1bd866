/** The names clients know a resource by, derived from its path and class name (core.md §1.1; clients pick operations by them). */

/** `FileRepository` → `file_repository`; each capital starts a word, as in Pulp (`RBACContentGuard` → `r_b_a_c_content_guard`). */
export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`);
}

/** `file_file_repository_href`; core's names have no app in front. */
export function hrefNameOf(app: string, name: string): string {
  return `${app === 'core' ? '' : `${app}_`}${snake(name)}_href`;
}

/** `repositories/file/file` → `repositories_file_file` */
export function operationOf(path: string): string {
  return path.replaceAll('/', '_').replaceAll('-', '_');
}

const title = (word: string) =>
  word.replace(/(^|[^A-Za-z])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());

/** `repositories/file/file` → `Repositories: File`; the app in the middle is left out. */
export function tagOf(path: string): string {
  const [first = '', ...rest] = path.split('/');
  const words = rest.length > 1 ? rest.slice(1) : rest;
  return words.length > 0 ? `${title(first)}: ${title(words.join(' '))}` : title(first);
}

/** `file.FileRepository`; core's components have no app in front. */
export function componentOf(app: string, name: string): string {
  return app === 'core' ? name : `${app}.${name}`;
}

/** The four names of a declared type, to be spread into its resource. */
export function namesOf(model: { readonly app: string; readonly name: string; readonly path: string }) {
  return {
    tag: tagOf(model.path),
    operation: operationOf(model.path),
    hrefName: hrefNameOf(model.app, model.name),
    component: componentOf(model.app, model.name),
  };
}
