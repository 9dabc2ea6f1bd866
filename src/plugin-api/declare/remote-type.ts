/** Types of remotes: one value holds the names, fields and access of a type, and how it speaks with its upstream. */

import type { TypeOfRemotes } from '../../download/downloader.ts';
import type { RemoteBehaviour } from '../contracts/remote.ts';
import { identityOf, type TypeDeclaration, type TypeIdentity } from './names-of-type.ts';

/**
 * Its behaviour is that of every request to its remotes, whoever makes it: a sync, a content process that fetches on demand or passes
 * through, a repair, a replication. A type whose requests need nothing but what every remote says leaves it out.
 */
export interface RemoteDeclaration extends TypeDeclaration, RemoteBehaviour {
  /** Policies it can have; default all three, with the component name of the enumeration. */
  readonly policies?: { readonly enumName: string; readonly choices: readonly string[]; readonly default?: string };
  /** The policy cannot be chosen: always immediate. */
  readonly fixedPolicy?: boolean;
}

/** A declared type of remotes. */
export interface DeclaredRemote extends Omit<RemoteDeclaration, 'pulpType'>, TypeIdentity {}

/** Where the resources of remotes are, and their master table. */
export const REMOTE = { path: 'remotes', table: 'remote' } as const;

/** Declares a type of remotes. */
export function remoteType(declaration: RemoteDeclaration): DeclaredRemote {
  return { ...declaration, ...identityOf(REMOTE, declaration) };
}

/** What the downloader has to know of a type. */
export function behaviourOf(type: DeclaredRemote): TypeOfRemotes {
  const fields = Object.entries(type.fields ?? {});
  const secrets = fields.filter(([, field]) => field.detail && field.secret).map(([name]) => name);
  return { ...type, secrets };
}
