/** What is wrong with values that come from elsewhere than a request: told by the same fields, without looking anything up. */
import type { ErrorBody } from '../../lib/errors.ts';
import type { Field, Values } from '../../plugin-api/declare/field.ts';
import { Refused, validateValue } from './validate-value.ts';

/** `name: message` for each value that a request could not set; values without a field are left alone. */
export function fieldErrors(fields: Readonly<Record<string, Field>>, values: Values): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const field = fields[name];
    const error = field && errorOf(field, value);
    return error === undefined ? [] : [`${name}: ${error}`];
  });
}

function errorOf(field: Field, value: unknown): string | undefined {
  try {
    validateValue(field, value, false);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return textOf(error.body);
    throw error;
  }
}

/** Messages in one line. */
export function textOf(body: ErrorBody | string): string {
  if (typeof body === 'string') return body;
  if (Array.isArray(body)) return body.join(' ');
  return Object.entries(body)
    .map(([name, inner]) => `${name}: ${textOf(inner)}`)
    .join(' ');
}
