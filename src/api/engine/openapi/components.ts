/** The components of a document: made from fields as operations ask for them, each once. */
import { type Field, isRequired } from '../../../plugin-api/declare/field.ts';
import { Enumerations } from './enumerations.ts';
import { type Fields, fieldSchema, type Schema, type SchemaComponents, type Side } from './field-schema.ts';

export class Components implements SchemaComponents {
  readonly #schemas = new Map<string, Schema>();
  readonly #enumerations = new Enumerations();
  readonly #conflicts = new Set<string>();
  readonly #path: string[] = [];

  /** Reference to `name` or `nameResponse`, which is made from the fields when it is not there yet. */
  reference(name: string, fields: Fields, side: Side, description?: string): Schema {
    return this.#add(side === 'request' ? name : `${name}Response`, () => this.#describe(fields, side, description));
  }

  /** Reference to `Patchedname`: the request fields, none of them required. */
  patched(name: string, fields: Fields, description?: string): Schema {
    return this.#add(`Patched${name}`, () => {
      const { required: _, ...schema } = this.#describe(fields, 'request', description);
      return schema;
    });
  }

  /** Reference to a page of a list of `nameResponse`. */
  paginated(name: string, fields: Fields, description?: string): Schema {
    const item = this.reference(name, fields, 'response', description);
    return this.#add(`Paginated${name}ResponseList`, () => pageSchema(item));
  }

  /** Reference to a component that is made from elsewhere. */
  elsewhere(name: string): Schema {
    return { $ref: `#/components/schemas/${name}Response` };
  }

  /** An object without a name of its own. */
  inline(fields: Fields, side: Side): Schema {
    return this.#describe(fields, side, undefined);
  }

  enumeration(field: Field, property: string): Schema {
    return this.#enumerations.reference(field, property, this.#path.at(-1) ?? '');
  }

  /** Names declared twice in different ways; a document should have none. */
  get conflicts(): readonly string[] {
    return [...this.#conflicts];
  }

  /** All components by name; enumerations get their names now that all uses are known. */
  finish(): Record<string, Schema> {
    const all = new Map([...this.#schemas, ...this.#enumerations.finish()]);
    return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #describe(fields: Fields, side: Side, description: string | undefined): Record<string, unknown> {
    const shown = Object.entries(fields).filter(
      ([, field]) =>
        !field.onRequest && !field.undocumented && !(side === 'request' ? field.readOnly : field.writeOnly),
    );
    const required = shown.filter(([, field]) => isRequired(field) && !field.readOnly).map(([name]) => name);
    return {
      type: 'object',
      ...(description !== undefined && { description }),
      properties: Object.fromEntries(shown.map(([name, field]) => [name, fieldSchema(field, side, this, name)])),
      ...(required.length > 0 && { required }),
    };
  }

  #add(name: string, make: () => Schema): Schema {
    const reference = { $ref: `#/components/schemas/${name}` };
    // a component that contains itself is being made further up
    if (this.#path.includes(name)) return reference;
    this.#path.push(name);
    const schema = make();
    this.#path.pop();
    const known = this.#schemas.get(name);
    if (!known) this.#schemas.set(name, schema);
    else if (facts(known) !== facts(schema)) this.#conflicts.add(name);
    return reference;
  }
}

/** A schema without its texts, to compare. */
function facts(schema: Schema): string {
  return JSON.stringify(schema, (key, value: unknown) =>
    key === 'description' && typeof value === 'string' ? undefined : value,
  );
}

function pageSchema(item: Schema): Schema {
  const link = { type: 'string', nullable: true, format: 'uri' };
  return {
    type: 'object',
    required: ['count', 'results'],
    properties: {
      count: { type: 'integer', example: 123 },
      next: { ...link, example: 'https://example.org/pulp/api/v3/tasks/?limit=100&offset=400' },
      previous: { ...link, example: 'https://example.org/pulp/api/v3/tasks/?limit=100&offset=200' },
      results: { type: 'array', items: item },
    },
  };
}
