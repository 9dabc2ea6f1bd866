/** Types of alternate content sources: other places to fetch the same bytes from (core.md §3.7). */
import { identityOf, type TypeDeclaration, type TypeIdentity } from './names-of-type.ts';
import type { DeclaredRemote } from './remote-type.ts';
import type { DeclaredRepository } from './repository-type.ts';

/** What a type of alternate content sources is declared with. */
export interface AlternateSourceDeclaration
  extends Omit<TypeDeclaration, 'pulpType' | 'fields' | 'actions' | 'validate' | 'hasRoles'> {
  /** The type of remotes it takes. */
  readonly remote: DeclaredRemote;
  /** The type of repositories whose sync learns what a path of the source has. */
  readonly repository: DeclaredRepository;
}

/** A declared type of alternate content sources. */
export interface DeclaredAlternateSource extends AlternateSourceDeclaration, TypeIdentity {}

/** Where the resources of alternate content sources are, and their master table. */
export const ALTERNATE_SOURCE = { path: 'acs', table: 'alternate_content_source' } as const;

/** Declares a type of alternate content sources. */
export function alternateSourceType(declaration: AlternateSourceDeclaration): DeclaredAlternateSource {
  return { ...declaration, ...identityOf(ALTERNATE_SOURCE, declaration) };
}
