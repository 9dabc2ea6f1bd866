/** Types of content guards: one value holds the names, fields and access of a type, and how it decides. */
import type { GuardType } from '../contracts/guard.ts';
import { identityOf, type TypeDeclaration, type TypeIdentity } from './names-of-type.ts';
import type { Resource } from './resource.ts';

/** What the resource of a guard is made from. */
export interface GuardNames extends TypeDeclaration {
  /** Written in the transaction of the row, with what is stored of the request. */
  readonly afterSave?: Resource['afterSave'];
}

/** What a type of guards is declared with: names and fields, and how it decides. */
export interface GuardDeclaration extends GuardNames, Omit<GuardType, 'pulpType'> {}

/** A declared type of guards. */
export interface DeclaredGuard extends Omit<GuardDeclaration, 'pulpType'>, Omit<GuardType, 'pulpType'>, TypeIdentity {}

/** Where the resources of guards are, and their master table. */
export const GUARD = { path: 'contentguards', table: 'content_guard' } as const;

/** Declares a type of guards. */
export function guardType(declaration: GuardDeclaration): DeclaredGuard {
  return { ...declaration, ...identityOf(GUARD, declaration) };
}
