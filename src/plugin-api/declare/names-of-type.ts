/** What every type of a master table is declared with, and what is derived from it: its model, the PRNs of its objects. */
import type { AccessDeclaration } from './access.ts';
import type { Field } from './field.ts';
import type { Filters } from './filter.ts';
import { labelOf, type Model, prn } from './model.ts';
import type { Action, Resource } from './resource.ts';

/** Names of a type and what it adds to the resource that all types of its kind have. */
export interface TypeDeclaration {
  /** App label: `file`. */
  readonly app: string;
  /** Class name of Pulp: `FileRepository`; messages, PRNs and components of the API's document use it. */
  readonly name: string;
  /** Last part of the path of its resource: `file`. */
  readonly type: string;
  /** The word kept in `pulp_type`; default `<app>.<type>`. */
  readonly pulpType?: string;
  /** One sentence for the API's document. */
  readonly description: string;
  /** Fields the type adds, kept in the `details` of its rows where they say `detail`. */
  readonly fields?: Readonly<Record<string, Field>>;
  /** Filters the type adds to its list, and names of those of its kind that it does not have. */
  readonly filters?: Filters;
  readonly withoutFilters?: readonly string[];
  /** Actions beside those all types of the kind have. */
  readonly actions?: readonly Action[];
  /** Rules over several fields; gets the stored row on update and may answer changed values. Throws ValidationError. */
  readonly validate?: Resource['validate'];
  /** Roles can be given on its objects (default true; guards false). */
  readonly hasRoles?: boolean;
  /** Who may do what, where it differs from what is usual for the kind. */
  readonly access?: AccessDeclaration;
}

/** What a declared type answers of itself. */
export interface TypeIdentity {
  /** The word in `pulp_type`: `file.file`. */
  readonly pulpType: string;
  readonly model: Model;
  /** PRN of an object by its id on the wire: the name of its lock too. */
  prn(pulpId: string): string;
}

/** The first part of the path of a kind, and its master table. */
export interface Kind {
  /** `repositories` */
  readonly path: string;
  /** `repository` */
  readonly table: string;
}

/** Identity of a type: `repositories/file/file`, `file.file`, `prn:file.filerepository:<id>`. */
export function identityOf(kind: Kind, declaration: Pick<TypeDeclaration, 'app' | 'name' | 'type' | 'pulpType'>) {
  const { app, name, type } = declaration;
  const pulpType = declaration.pulpType ?? `${app}.${type}`;
  const model: Model = { app, name, path: `${kind.path}/${app}/${type}`, table: kind.table, pulpType };
  const label = labelOf(model);
  return { pulpType, model, prn: (pulpId: string) => prn(label, pulpId) } satisfies TypeIdentity;
}

/** The filters of a list: those of the kind without those the type does not have, and its own. */
export function filtersOf(
  { filters, withoutFilters = [] }: Pick<TypeDeclaration, 'filters' | 'withoutFilters'>,
  usual: Filters,
): Filters {
  const kept = Object.entries(usual).filter(([name]) => !withoutFilters.includes(name));
  return { ...Object.fromEntries(kept), ...filters };
}
