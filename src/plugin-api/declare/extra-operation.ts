/** Operations outside resources, such as status or a clean-up: what the document says of them, in the vocabulary of fields. */
import type { Field } from './field.ts';

/** A body by its component's name (without `Response`) and its fields; without fields it is a component declared elsewhere. */
export interface BodyShape {
  readonly component: string;
  readonly fields?: Readonly<Record<string, Field>>;
}

/** What an operation answers: a component, a page of a list of them, or a schema as it stands in the document. */
export type OutputShape =
  | (BodyShape & { readonly list?: boolean })
  | { readonly schema: Readonly<Record<string, unknown>> };

/** One parameter as it stands in the document. */
export interface Parameter {
  readonly in: 'query' | 'path' | 'header' | 'cookie';
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly required?: boolean;
  readonly style?: string;
  readonly explode?: boolean;
  readonly description?: string;
  readonly [extension: `x-${string}`]: unknown;
}

/** An operation outside resources, as the document of the API tells it. */
export interface ExtraOperation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /**
   * Below the API prefix without a slash in front: `orphans/cleanup/`. With a slash in front it starts at the root of the server,
   * and a part `{pulp_domain}/` is left out where domains are off: `/pypi/{pulp_domain}/{path}/simple/`.
   * Names in braces become path parameters unless `parameters` has them.
   */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary?: string;
  readonly description?: string;
  /** Package type that brings it; default core. */
  readonly component?: string;
  readonly input?: BodyShape & { readonly partial?: boolean };
  /** Media types of the body; default JSON and both forms. */
  readonly media?: readonly string[];
  /** Answers by status; null for one without a body. */
  readonly output: Readonly<Record<string, OutputShape | null>>;
  /** Media types of answers; default JSON. */
  readonly outputMedia?: readonly string[];
  readonly parameters?: readonly Parameter[];
  /** Needs no login. */
  readonly open?: boolean;
  /** One for all domains: its path has no domain where domains are on. */
  readonly withoutDomain?: boolean;
  readonly deprecated?: boolean;
  /** Not in the document. */
  readonly undocumented?: boolean;
}
