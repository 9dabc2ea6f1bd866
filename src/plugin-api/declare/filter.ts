/** The vocabulary for list filters: what a query key compares, with which suffixes, and what the document says of it. */
import type { Sql } from '../../db/sql.ts';
import type { RequestContext } from '../contracts/context.ts';
import type { ReferenceTarget } from './field.ts';

/** Kinds of values that filters compare. */
export type FilterKind =
  | 'text'
  | 'integer'
  | 'boolean'
  | 'datetime'
  | 'choice'
  | 'uuid'
  | 'reference'
  | 'digest'
  | 'custom';

/** A filter of a list: what its query key compares, with which suffixes. */
export interface Filter {
  readonly kind: FilterKind;
  /** Column or expression compared, such as `t.name`. */
  readonly expression?: Sql;
  /** Allowed suffixes: '' for exact, `in`, `contains` …; default by kind. */
  readonly lookups?: readonly string[];
  readonly choices?: readonly string[];
  /** choice: the document tells the choices for the suffix `in` too. */
  readonly closed?: boolean;
  /** The key is sent once for each value instead of with a comma-separated list. */
  readonly repeatable?: boolean;
  readonly target?: ReferenceTarget;
  readonly nullable?: boolean;
  readonly help?: string;
  /** Facts for the document; default by kind and suffix. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** custom: the condition for a value as sent; throws ValidationError with the messages under the filter's name. */
  readonly condition?: (value: string, request: RequestContext) => Promise<Sql> | Sql;
}

/** The filters of a list by query key, without suffixes. */
export type Filters = Readonly<Record<string, Filter>>;

/** Suffixes of filters by name; the empty one is equality. */
export const NAME_LOOKUPS = [
  '',
  'contains',
  'icontains',
  'iexact',
  'in',
  'iregex',
  'istartswith',
  'regex',
  'startswith',
] as const;
/** Suffixes of filters by time. */
export const DATE_LOOKUPS = ['', 'gt', 'gte', 'isnull', 'lt', 'lte', 'range'] as const;
/** Suffixes of filters by numbers that may be null. */
export const NULLABLE_NUMBER_LOOKUPS = ['', 'gt', 'gte', 'isnull', 'lt', 'lte', 'ne', 'range'] as const;
/** Suffixes of filters by numbers. */
export const NUMBER_LOOKUPS = ['', 'gt', 'gte', 'lt', 'lte', 'range'] as const;

type Options = Omit<Filter, 'kind' | 'expression'>;

/** Text with all the suffixes of names. */
export const textFilter = (expression: Sql, options: Options = {}): Filter => ({
  kind: 'text',
  lookups: NAME_LOOKUPS,
  expression,
  ...options,
});
/** Text compared as a whole only. */
export const exactFilter = (expression: Sql, options: Options = {}): Filter => ({
  kind: 'text',
  lookups: [''],
  expression,
  ...options,
});
/** A moment, with the suffixes of times. */
export const dateFilter = (expression: Sql, options: Options = {}): Filter => ({
  kind: 'datetime',
  lookups: DATE_LOOKUPS,
  expression,
  ...options,
});
/** A whole number; refused with 400 when it is none. */
export const integerFilter = (
  expression: Sql,
  lookups: readonly string[] = NUMBER_LOOKUPS,
  options: Options = {},
): Filter => ({
  kind: 'integer',
  lookups,
  expression,
  ...options,
});
/** true or false, in the spellings of Django. */
export const booleanFilter = (expression: Sql, options: Options = {}): Filter => ({
  kind: 'boolean',
  lookups: [''],
  expression,
  ...options,
});
/** One of a few words; others are refused with 400. */
export const choiceFilter = (
  expression: Sql,
  choices: readonly string[],
  lookups: readonly string[] = ['', 'in', 'ne'],
  options: Options = {},
): Filter => ({
  kind: 'choice',
  choices,
  lookups,
  expression,
  ...options,
});
/** An href or PRN; `null` or empty where nullable means IS NULL. */
export const referenceFilter = (expression: Sql, target: ReferenceTarget, options: Options = {}): Filter => ({
  kind: 'reference',
  target,
  lookups: [''],
  expression,
  ...options,
});
/** A hex digest kept as bytes. */
export const digestFilter = (expression: Sql, options: Options = {}): Filter => ({
  kind: 'digest',
  lookups: [''],
  expression,
  ...options,
});
/** A filter whose condition the type makes of the value as it was sent. */
export const customFilter = (condition: Filter['condition'], options: Options = {}): Filter => ({
  kind: 'custom',
  lookups: [''],
  condition,
  ...options,
});
