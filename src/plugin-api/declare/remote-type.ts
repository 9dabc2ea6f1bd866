/** Types of remotes: one value holds the names, fields and access of a type, and how it speaks with its upstream. */
import { identityOf, type TypeDeclaration, type TypeIdentity } from './names-of-type.ts';

export interface RemoteDeclaration extends TypeDeclaration {
  /** Policies it can have; default all three, with the component name of the enumeration. */
  readonly policies?: { readonly enumName: string; readonly choices: readonly string[]; readonly default?: string };
  /** The policy cannot be chosen: always immediate. */
  readonly fixedPolicy?: boolean;
}

/** A declared type of remotes. */
export interface DeclaredRemote extends Omit<RemoteDeclaration, 'pulpType'>, TypeIdentity {}

export const REMOTE = { path: 'remotes', table: 'remote' } as const;

/** Declares a type of remotes. */
export function remoteType(declaration: RemoteDeclaration): DeclaredRemote {
  return { ...declaration, ...identityOf(REMOTE, declaration) };
}
