/** The vocabulary in which settings are declared, and the types derived from a declaration. */

/** What a setting is made of; `T` is the type of its value in the program. */
export interface Setting<T> {
  readonly type: 'text' | 'optional-text' | 'integer' | 'optional-integer' | 'boolean' | 'choice' | 'list' | 'table';
  readonly default: T;
  readonly help: string;
  /** Masked wherever settings are shown. */
  readonly secret?: boolean;
  /** Allowed words of a choice, or of the entries of a list. */
  readonly choices?: readonly string[];
  readonly minimum?: number;
  /** What must hold of a text, in words that go on from its name. */
  readonly form?: { readonly matches: RegExp; readonly words: string };
  /** Pulp's spelling where it differs from the upper-case name, with `__` between nested names. */
  readonly peerName?: string;
}

type Extra = Partial<Pick<Setting<unknown>, 'secret' | 'choices' | 'minimum' | 'form' | 'peerName'>>;

export type Table = { readonly [name: string]: unknown };

export function text(value: string, help: string, extra: Extra = {}): Setting<string> {
  return { type: 'text', default: value, help, ...extra };
}

/** A path such as `/pulp/content/`. */
export function pathPrefix(value: string, help: string, extra: Extra = {}): Setting<string> {
  const form = { matches: /^\/(.*\/)?$/, words: 'must begin and end with a slash' };
  return text(value, help, { form, ...extra });
}

export function optionalText(help: string, extra: Extra = {}): Setting<string | null> {
  return { type: 'optional-text', default: null, help, ...extra };
}

export function integer(value: number, help: string, extra: Extra = {}): Setting<number> {
  return { type: 'integer', default: value, help, minimum: 0, ...extra };
}

export function optionalInteger(help: string, extra: Extra = {}): Setting<number | null> {
  return { type: 'optional-integer', default: null, help, minimum: 0, ...extra };
}

export function boolean(value: boolean, help: string, extra: Extra = {}): Setting<boolean> {
  return { type: 'boolean', default: value, help, ...extra };
}

export function choice<const C extends string>(value: C, choices: readonly C[], help: string): Setting<C> {
  return { type: 'choice', default: value, help, choices };
}

/** A list of texts, or of the words in `choices`. */
export function list<C extends string = string>(
  value: readonly NoInfer<C>[],
  help: string,
  extra: Extra & { readonly choices?: readonly C[] } = {},
): Setting<readonly C[]> {
  return { type: 'list', default: value, help, ...extra };
}

export function table(help: string, extra: Extra = {}): Setting<Table> {
  return { type: 'table', default: {}, help, ...extra };
}

export type Declarations = { readonly [name: string]: Setting<unknown> };

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** The object the program uses: camelCase names, typed values, frozen. */
export type SettingsOf<D extends Declarations> = {
  readonly [N in keyof D & string as CamelCase<N>]: D[N] extends Setting<infer T> ? T : never;
};

/** `worker_ttl` to `workerTtl`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
