/** One field as a schema of the document, for requests or for answers. */
import type { Field } from '../../../plugin-api/declare/field.ts';

export type Fields = Readonly<Record<string, Field>>;
export type Schema = Readonly<Record<string, unknown>>;
/** Requests have no read-only fields and refuse empty strings; answers have no write-only fields. */
export type Side = 'request' | 'response';

/** The components of the document that the schema of a field refers to or is made with. */
export interface SchemaComponents {
  /** Reference to the component of that name, made of the fields when it is not there yet. */
  reference(name: string, fields: Fields, side: Side): Schema;
  /** An object without a name of its own. */
  inline(fields: Fields, side: Side): Schema;
  /** Reference to the enumeration of a choice. */
  enumeration(field: Field, property: string): Schema;
}

/** The schema of the field called `property`. */
export function fieldSchema(field: Field, side: Side, components: SchemaComponents, property: string): Schema {
  const facts = {
    ...(field.help !== undefined && { description: field.help }),
    ...(field.default !== undefined && !field.hiddenDefault && { default: field.default }),
    ...flags(field),
    ...field.schema,
    ...(side === 'response' && field.responseSchema),
  };
  const base = kindSchema(field, side, components, property);
  if (!('$ref' in base)) return withoutUndefined({ ...base, ...facts });
  // OpenAPI 3.0 ignores what stands beside a reference; the reference itself is kept, as its target may be filled in later
  return Object.keys(facts).length === 0 ? base : { allOf: [base], ...withoutUndefined(facts) };
}

function flags(field: Field): Schema {
  return {
    ...(field.nullable && { nullable: true }),
    ...(field.readOnly && { readOnly: true }),
    ...(field.writeOnly && { writeOnly: true }),
  };
}

/** Overrides remove a fact by setting it to undefined. */
function withoutUndefined(schema: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

function kindSchema(field: Field, side: Side, components: SchemaComponents, property: string): Schema {
  switch (field.kind) {
    case 'string':
      return stringSchema(field, side);
    case 'reference':
      return { type: 'string', format: field.format ?? 'uri' };
    case 'datetime':
      return { type: 'string', format: 'date-time' };
    case 'integer':
      return { type: 'integer', ...(field.int64 !== false && { format: 'int64' }), ...range(field) };
    case 'number':
      return { type: 'number', format: field.format ?? 'double', ...range(field) };
    case 'boolean':
      return { type: 'boolean' };
    case 'json':
      return {};
    case 'file':
      return side === 'request' ? { type: 'string', format: 'binary' } : { type: 'string' };
    case 'choice':
      return components.enumeration(field, property);
    case 'object':
    case 'labels':
    case 'map':
    case 'list':
    case 'nested':
      return containerSchema(field, side, components, property);
  }
}

function containerSchema(field: Field, side: Side, components: SchemaComponents, property: string): Schema {
  switch (field.kind) {
    case 'labels':
      return { type: 'object', additionalProperties: { type: 'string', nullable: true } };
    case 'map':
      return { type: 'object', additionalProperties: fieldSchema(field.items!, side, components, property) };
    case 'list': {
      const items = fieldSchema(field.items!, side, components, property);
      return { type: 'array', items, ...(field.minItems !== undefined && { minItems: field.minItems }) };
    }
    case 'nested':
      return field.component
        ? components.reference(field.component, field.properties ?? {}, side)
        : components.inline(field.properties ?? {}, side);
    default:
      return { type: 'object' };
  }
}

function stringSchema(field: Field, side: Side): Schema {
  const least = field.minLength ?? (field.blank || field.readOnly ? undefined : 1);
  return {
    type: 'string',
    ...(field.format !== undefined && { format: field.format }),
    ...(side === 'request' && least !== undefined && { minLength: least }),
    ...(field.maxLength !== undefined && { maxLength: field.maxLength }),
    ...(field.pattern && { pattern: field.pattern.source }),
  };
}

function range(field: Field): Schema {
  return {
    ...(field.minimum !== undefined && { minimum: field.minimum }),
    ...(field.maximum !== undefined && { maximum: field.maximum }),
  };
}
