/** Types of publications: one value holds the names, fields, access and task of a type, and how its files are made. */
import type { PublicationType } from '../contracts/publish.ts';
import { identityOf, type TypeDeclaration, type TypeIdentity } from './names-of-type.ts';

/** What a type of publications is declared with: names and fields, and how its files are made. */
export interface PublicationDeclaration extends TypeDeclaration, Omit<PublicationType, 'pulpType'> {
  /** It can be a checkpoint: a state by its time. */
  readonly checkpoint?: boolean;
  /** Distributions serve versions that have no publication too. */
  readonly optional?: boolean;
}

/** A declared type of publications. */
export interface DeclaredPublication
  extends Omit<PublicationDeclaration, 'pulpType'>,
    Omit<PublicationType, 'pulpType'>,
    TypeIdentity {}

/** Where the resources of publications are, and their master table. */
export const PUBLICATION = { path: 'publications', table: 'publication' } as const;

/** Declares a type of publications. */
export function publicationType(declaration: PublicationDeclaration): DeclaredPublication {
  return { ...declaration, ...identityOf(PUBLICATION, declaration) };
}
