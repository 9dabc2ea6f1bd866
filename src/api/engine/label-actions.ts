/** `set_label` and `unset_label`: change one label at once, without task or lock (core.md §1.6). */
import { ValidationError } from '../../lib/errors.ts';
import { setLabel, unsetLabel } from '../../model/rows.ts';
import { string } from '../../plugin-api/declare/field.ts';
import type { Action, Resource } from '../../plugin-api/declare/resource.ts';
import { checkLabels, Refused } from './validate-value.ts';

const KEY_FIELD = string({});

export function labelActions(resource: Resource): Action[] {
  const status = resource.labelStatus ?? 201;
  const placeOf = (id: string) => ({ table: resource.table.name, key: resource.table.key, id });
  const set: Action = {
    name: 'set_label',
    method: 'post',
    detail: true,
    summary: 'Set a label',
    description: 'Sets one label of the object to the given value or null.',
    input: {
      component: 'SetLabel',
      fields: { key: KEY_FIELD, value: string({ nullable: true, required: true, blank: true }) },
    },
    output: { [status]: { component: 'SetLabel' } },
    run: async (request, target, input) => {
      refuseBad({ [String(input.key)]: input.value as string | null });
      await setLabel(request.db, placeOf(target.id), String(input.key), input.value);
      return { status: 201, body: { key: input.key, value: input.value } };
    },
  };
  const unset: Action = {
    name: 'unset_label',
    method: 'post',
    detail: true,
    summary: 'Unset a label',
    description: 'Removes one label of the object.',
    input: { component: 'UnsetLabel', fields: { key: KEY_FIELD, value: string({ readOnly: true }) } },
    output: { [status]: { component: 'UnsetLabel' } },
    run: async (request, target, input) => {
      const labels = await unsetLabel(request.db, placeOf(target.id), String(input.key));
      if (!labels) throw ValidationError.field('key', `Label '${input.key}' is not set on the object.`);
      return { status: 201, body: { key: input.key, value: labels[String(input.key)] ?? null } };
    },
  };
  return [set, unset];
}

function refuseBad(labels: Record<string, string | null>): void {
  try {
    checkLabels(labels);
  } catch (error) {
    if (error instanceof Refused) throw new ValidationError({ non_field_errors: error.body });
    throw error;
  }
}
