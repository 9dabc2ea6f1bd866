/** An OpenAPI document boiled down to facts that can be compared: no texts, no order, one short line for each type. */

type Json = Readonly<Record<string, unknown>>;

export interface OperationFacts {
  readonly id: string;
  readonly tag: string;
  /** Needs no login. */
  readonly open?: true;
  /** Names of parameters that are everywhere the same. */
  readonly usual: string;
  /** Type by name of the others; `path` and `header` parameters have that word in front. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Body by media types. */
  readonly request?: Readonly<Record<string, string>>;
  /** Body by status and, where it is not JSON, media type. */
  readonly responses: Readonly<Record<string, string>>;
}

export interface Facts {
  /** By `GET /path/`. */
  readonly operations: Readonly<Record<string, OperationFacts>>;
  /** Type by component and field. */
  readonly components: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface DocumentLike {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const texts = (...names: string[]) => Object.fromEntries(names.map((name) => [name, 'string']));
const lists = (...names: string[]) => Object.fromEntries(names.map((name) => [name, '[string] explode=false']));
const moments = (name: string) => ({
  ...Object.fromEntries(
    ['', '__gt', '__gte', '__lt', '__lte'].map((suffix) => [name + suffix, 'string format="date-time"']),
  ),
  [`${name}__isnull`]: 'boolean',
  [`${name}__range`]: '[string format="date-time"] explode=false',
});
const NAME_SUFFIXES = [
  '',
  '__contains',
  '__icontains',
  '__iexact',
  '__iregex',
  '__istartswith',
  '__regex',
  '__startswith',
];

/** Parameters of most operations, told by name alone where they have these types: the files would be twice as long. */
export const USUAL: Readonly<Record<string, string>> = {
  'X-Task-Diagnostics': 'header [string]',
  fields: '[string]',
  exclude_fields: '[string]',
  limit: 'integer',
  offset: 'integer',
  orphaned_for: 'number',
  pulp_id__in: '[string format="uuid"] explode=false',
  ...lists('prn__in', 'pulp_href__in', 'added_between', 'removed_between', 'content__in', 'name__in'),
  ...texts('q', 'pulp_label_select', 'repository_version', 'repository_version_added', 'repository_version_removed'),
  ...texts(...NAME_SUFFIXES.map((suffix) => `name${suffix}`), 'content', 'repository', 'with_content', 'sha256'),
  ...moments('pulp_created'),
  ...moments('pulp_last_updated'),
};

const KEYWORDS = [
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'default',
] as const;
const FLAGS = ['nullable', 'readOnly', 'writeOnly'] as const;
const DATE = /^\d{4}-\d\d-\d\d/;

/** Operations for which `wanted` holds, and the components they lead to. */
export function factsOf(
  document: DocumentLike,
  wanted: (facts: OperationFacts, key: string) => boolean = () => true,
): Facts {
  const reader = new FactsReader(document.components.schemas as Readonly<Record<string, Json>>);
  const operations: Record<string, OperationFacts> = {};
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const key = `${method.toUpperCase()} ${path}`;
      const facts = reader.operation(operation as Json);
      if (wanted(facts, key)) operations[key] = facts;
    }
  }
  return { operations: sorted(operations), components: sorted(reader.components(Object.values(operations))) };
}

class FactsReader {
  readonly #schemas: Readonly<Record<string, Json>>;

  constructor(schemas: Readonly<Record<string, Json>>) {
    this.#schemas = schemas;
  }

  operation(operation: Json): OperationFacts {
    const body = operation.requestBody as { content: Readonly<Record<string, Json>> } | undefined;
    return {
      id: String(operation.operationId),
      tag: String((operation.tags as string[] | undefined)?.[0]),
      ...(operation.security === undefined && { open: true }),
      ...this.#parameters((operation.parameters as Json[] | undefined) ?? []),
      ...(body && {
        request: byMedia(Object.entries(body.content).map(([media, { schema }]) => [media, this.type(schema as Json)])),
      }),
      responses: this.#responses(operation.responses as Readonly<Record<string, Json>>),
    };
  }

  /** The components that operations lead to, directly and through others. */
  components(operations: readonly OperationFacts[]): Record<string, Readonly<Record<string, string>>> {
    const found: Record<string, Readonly<Record<string, string>>> = {};
    const open = operations.flatMap(({ request, responses }) => [
      ...Object.values(request ?? {}),
      ...Object.values(responses),
    ]);
    for (let text = open.pop(); text !== undefined; text = open.pop()) {
      for (const [, name] of text.matchAll(/\$([\w.-]+)/g)) {
        if (found[name!]) continue;
        found[name!] = this.#fields(this.#schemas[name!] ?? {});
        open.push(...Object.values(found[name!]!));
      }
    }
    return found;
  }

  /** `string format=uri nullable`, `[$Task]`, `enum(a|b)` … */
  type(schema: Json): string {
    const { $ref, allOf } = schema as { $ref?: string; allOf?: readonly Json[] };
    const parts = [
      ...($ref === undefined ? [] : [this.#reference($ref)]),
      ...(allOf ?? []).map((part) => this.type(part)),
      ...shape(schema, this),
      ...KEYWORDS.filter((word) => isFact(word, schema[word])).map((word) => `${word}=${JSON.stringify(schema[word])}`),
      ...FLAGS.filter((word) => schema[word] === true),
    ];
    return parts.length === 0 ? 'any' : parts.join(' ');
  }

  /** Components by name; enumerations by what they list, as their names depend on what else is installed. */
  #reference($ref: string): string {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    const target = this.#schemas[name];
    return target && 'enum' in target ? this.type(target) : `$${name}`;
  }

  #parameters(all: readonly Json[]): Pick<OperationFacts, 'usual' | 'parameters'> {
    const types = all.map((one): [string, string] => [String(one.name), this.#parameter(one)]);
    const usual = types.filter(([name, type]) => USUAL[name] === type).map(([name]) => name);
    const others = types.filter(([name, type]) => USUAL[name] !== type);
    return { usual: usual.sort().join(' '), parameters: sorted(Object.fromEntries(others)) };
  }

  #parameter(parameter: Json): string {
    const type = this.type((parameter.schema as Json | undefined) ?? {});
    const place = parameter.in === 'query' ? [] : [String(parameter.in)];
    const explode = 'explode' in parameter ? [`explode=${parameter.explode}`] : [];
    return [...place, type, ...explode, ...(parameter.required ? ['required'] : [])].join(' ');
  }

  #responses(responses: Readonly<Record<string, Json>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(responses).flatMap(([status, response]) => {
        const content = Object.entries((response.content as Readonly<Record<string, Json>> | undefined) ?? {});
        if (content.length === 0) return [[status, 'nothing']];
        return content.map(([media, { schema }]) => [
          media === 'application/json' ? status : `${status} ${media}`,
          this.type(schema as Json),
        ]);
      }),
    );
  }

  #fields(schema: Json): Record<string, string> {
    const required = new Set((schema.required as string[] | undefined) ?? []);
    const fields = Object.entries((schema.properties as Readonly<Record<string, Json>> | undefined) ?? {});
    return sorted(
      Object.fromEntries(
        fields.map(([name, field]) => [name, `${this.type(field)}${required.has(name) ? ' required' : ''}`]),
      ),
    );
  }
}

function shape(schema: Json, reader: FactsReader): string[] {
  if (schema.enum) return [enumeration(schema)];
  if (schema.items) return [`[${reader.type(schema.items as Json)}]`];
  if (typeof schema.additionalProperties === 'object') return [`{${reader.type(schema.additionalProperties as Json)}}`];
  if (!schema.properties) return schema.type === undefined ? [] : [String(schema.type)];
  const required = new Set((schema.required as string[] | undefined) ?? []);
  const fields = Object.entries(schema.properties as Readonly<Record<string, Json>>).sort();
  return [
    `(${fields.map(([name, field]) => `${name}${required.has(name) ? '!' : ''}: ${reader.type(field)}`).join(', ')})`,
  ];
}

/** `±name` stands for `name` and `-name`, as in orders of lists. */
function enumeration(schema: Json): string {
  const words = new Set((schema.enum as unknown[]).map(String));
  const both = [...words].filter((word) => words.has(`-${word}`));
  const others = [...words].filter((word) => !both.includes(word) && !both.includes(word.slice(1)));
  const type = schema.type === 'string' ? '' : `${schema.type} `;
  return `${type}enum(${[...both.map((word) => `±${word}`), ...others].sort().join('|')})`;
}

/** Dates among defaults are those of the day the document was made: no fact about the server. */
function isFact(word: string, value: unknown): boolean {
  return value !== undefined && !(word === 'default' && typeof value === 'string' && DATE.test(value));
}

/** Bodies are alike for most media types: those with the same body share an entry. */
function byMedia(bodies: readonly (readonly [string, string])[]): Record<string, string> {
  const media = Map.groupBy(bodies, ([, type]) => type);
  return Object.fromEntries(
    [...media].map(([type, same]) => [
      same
        .map(([name]) => shortMedia(name))
        .sort()
        .join(' '),
      type,
    ]),
  );
}

function shortMedia(name: string): string {
  return (
    { 'application/json': 'json', 'application/x-www-form-urlencoded': 'form', 'multipart/form-data': 'multipart' }[
      name
    ] ?? name
  );
}

function sorted<T>(object: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
