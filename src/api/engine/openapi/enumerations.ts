/**
 * Enumerations as components of their own. Their names depend on the whole document: `PolicyEnum` as long as all fields
 * called `policy` have the same choices, else the name that was declared. Generated clients name their classes so.
 */
import type { Field } from '../../../plugin-api/declare/field.ts';
import type { Schema } from './field-schema.ts';

interface Use {
  readonly property: string;
  readonly field: Field;
  readonly choices: string;
  readonly component: string;
  readonly references: { $ref: string }[];
}

export class Enumerations {
  readonly #uses = new Map<string, Use>();

  /** A reference that gets its target when the document is finished. */
  reference(field: Field, property: string, component: string): Schema {
    const choices = JSON.stringify(field.choices);
    const key = `${property} ${choices}`;
    let use = this.#uses.get(key);
    if (!use) {
      use = { property, field, choices, component, references: [] };
      this.#uses.set(key, use);
    }
    const reference = { $ref: '' };
    use.references.push(reference);
    return reference;
  }

  finish(): Map<string, Schema> {
    const out = new Map<string, Schema>();
    const byProperty = Map.groupBy(this.#uses.values(), (use) => use.property);
    for (const use of this.#uses.values()) {
      const name = byProperty.get(use.property)!.length === 1 ? `${camel(use.property)}Enum` : use.field.enumName!;
      out.set(name, schemaOf(use.field));
      for (const reference of use.references) reference.$ref = `#/components/schemas/${name}`;
    }
    return out;
  }
}

function schemaOf({ choices = [], numeric }: Field): Schema {
  return numeric ? { type: 'integer', enum: choices.map(Number) } : { type: 'string', enum: choices };
}

/** `storage_class` → `StorageClass` */
function camel(name: string): string {
  return name
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
