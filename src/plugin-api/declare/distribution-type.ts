/** Types of distributions: one value holds the names, fields and access of a type, and how it is served. */
import type { DistributionType } from '../contracts/serve.ts';
import { identityOf, type TypeDeclaration, type TypeIdentity } from './names-of-type.ts';
import type { DeclaredPublication } from './publication-type.ts';

/** What a type of distributions is declared with: names and fields, and how it is served. */
export interface DistributionDeclaration
  extends TypeDeclaration,
    Omit<DistributionType, 'pulpType' | 'servesPublications'> {
  /** Types of publications it can serve: it has a field `publication`. Without them it serves versions as they are. */
  readonly publications?: readonly DeclaredPublication[];
  /** It has a field `repository_version`; default true. */
  readonly repositoryVersion?: boolean;
  /** It can serve the checkpoints of a repository by their time. */
  readonly checkpoint?: boolean;
  /** It has a field `remote`, from which it fetches what is not here. */
  readonly remote?: boolean;
}

/** A declared type of distributions. */
export interface DeclaredDistribution
  extends Omit<DistributionDeclaration, 'pulpType'>,
    Omit<DistributionType, 'pulpType'>,
    TypeIdentity {}

/** Where the resources of distributions are, and their master table. */
export const DISTRIBUTION = { path: 'distributions', table: 'distribution' } as const;

/** Declares a type of distributions. */
export function distributionType(declaration: DistributionDeclaration): DeclaredDistribution {
  const { publications = [] } = declaration;
  return {
    ...declaration,
    ...identityOf(DISTRIBUTION, declaration),
    servesPublications: publications.some(({ optional }) => !optional),
  };
}
