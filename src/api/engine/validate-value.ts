/** Checks and converts one value of a request body by its field, with Pulp's messages (core.md §1.8). */
import type { ErrorBody } from '../../lib/errors.ts';
import type { Field } from '../../plugin-api/declare/field.ts';

/** A value that was refused; the body goes under the field's name. */
export class Refused extends Error {
  readonly body: ErrorBody;
  constructor(body: ErrorBody | string) {
    super('refused');
    this.body = typeof body === 'string' ? [body] : body;
  }
}

const TRUE = new Set(['true', 'True', 'TRUE', 't', 'T', 'y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', '1']);
const FALSE = new Set([
  'false',
  'False',
  'FALSE',
  'f',
  'F',
  'n',
  'N',
  'no',
  'No',
  'NO',
  'off',
  'Off',
  'OFF',
  '0',
  '0.0',
]);
const DATE_TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?\s*(Z|z|[+-]\d\d(:?\d\d)?)?)?$/;
/** Half of a pair of surrogates, which no encoding can carry. */
const HALF_CHARACTER = /\p{Surrogate}/u;
const LABEL_KEY = /^[\p{L}\p{N}_ .-]+$/u;

/** How Python names the type of a JSON value: Pulp's messages use these words. */
export function pythonType(value: unknown): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    default:
      return 'dict';
  }
}

/** Validates a value that is present. References and files are passed through: they need the database or the store. */
export function validateValue(field: Field, raw: unknown, isForm: boolean): unknown {
  // An empty text names no object: Pulp reads it as null.
  const empty = raw === '' && (field.kind === 'reference' || (isForm && field.nullable && field.kind !== 'string'));
  if (raw === null || empty) {
    if (field.nullable) return null;
    throw new Refused('This field may not be null.');
  }
  const value = convert(field, raw, isForm);
  const message = field.check?.(value);
  if (message) throw new Refused(message);
  return value;
}

function convert(field: Field, raw: unknown, isForm: boolean): unknown {
  switch (field.kind) {
    case 'string':
    case 'reference':
      return toText(field, raw);
    case 'choice':
      return toChoice(field, raw);
    case 'integer':
    case 'number':
      return toNumber(field, raw);
    case 'boolean':
      return toBoolean(raw);
    case 'datetime':
      return toDate(raw);
    case 'list':
      return toList(field, raw, isForm);
    case 'labels':
      return toLabels(fromForm(raw, isForm));
    case 'map':
      return toMap(field, fromForm(raw, isForm), isForm);
    case 'nested':
      return toNested(field, fromForm(raw, isForm), isForm);
    case 'object':
      return toObject(fromForm(raw, isForm));
    case 'json':
      return fromForm(raw, isForm);
    case 'file':
      return raw;
  }
}

/** Forms carry objects and lists as JSON text. */
function fromForm(raw: unknown, isForm: boolean): unknown {
  if (!isForm || typeof raw !== 'string') return raw;
  try {
    return JSON.parse(raw);
  } catch {
    throw new Refused('Value must be valid JSON.');
  }
}

function toText(field: Field, raw: unknown): string {
  if (typeof raw !== 'string' && typeof raw !== 'number') throw new Refused('Not a valid string.');
  const text = field.keepSpace ? String(raw) : String(raw).trim();
  if (text.includes('\0')) throw new Refused('Null characters are not allowed.');
  const half = text.isWellFormed() ? undefined : HALF_CHARACTER.exec(text)?.[0];
  if (half !== undefined) {
    throw new Refused(`Surrogate characters are not allowed: U+${half.charCodeAt(0).toString(16).toUpperCase()}.`);
  }
  if (text === '' && !field.blank) throw new Refused('This field may not be blank.');
  if (field.maxLength !== undefined && text.length > field.maxLength) {
    throw new Refused(`Ensure this field has no more than ${field.maxLength} characters.`);
  }
  if (field.minLength !== undefined && text.length < field.minLength) {
    throw new Refused(`Ensure this field has at least ${field.minLength} characters.`);
  }
  if (field.pattern && !new RegExp(field.pattern.source).test(text)) throw new Refused(field.pattern.message);
  return text;
}

function toChoice(field: Field, raw: unknown): string | number {
  const found = field.choices?.find((choice) => choice === String(raw));
  if (found === undefined)
    throw new Refused(`"${typeof raw === 'object' ? JSON.stringify(raw) : raw}" is not a valid choice.`);
  return field.numeric ? Number(found) : found;
}

function toNumber(field: Field, raw: unknown): number {
  const whole = field.kind === 'integer';
  const refusal = whole ? 'A valid integer is required.' : 'A valid number is required.';
  if (typeof raw !== 'number' && typeof raw !== 'string') throw new Refused(refusal);
  if (typeof raw === 'string' && raw.length > 1000) throw new Refused('String value too large.');
  const value =
    typeof raw === 'number' ? raw : raw.trim() === '' ? Number.NaN : Number(raw.trim().replace(/\.0*$/, ''));
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) throw new Refused(refusal);
  if (field.minimum !== undefined && value < field.minimum) {
    throw new Refused(`Ensure this value is greater than or equal to ${field.minimum}${whole ? '' : '.0'}.`);
  }
  if (field.maximum !== undefined && value > field.maximum) {
    throw new Refused(`Ensure this value is less than or equal to ${field.maximum}.`);
  }
  return value;
}

function toBoolean(raw: unknown): boolean {
  if (raw === true || raw === 1 || (typeof raw === 'string' && TRUE.has(raw))) return true;
  if (raw === false || raw === 0 || (typeof raw === 'string' && FALSE.has(raw))) return false;
  throw new Refused('Must be a valid boolean.');
}

function toDate(raw: unknown): string {
  if (typeof raw !== 'string' || !DATE_TIME.test(raw) || Number.isNaN(Date.parse(raw.replace(' ', 'T')))) {
    throw new Refused(
      'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].',
    );
  }
  return raw;
}

function toList(field: Field, raw: unknown, isForm: boolean): unknown[] {
  const value = isForm && typeof raw === 'string' ? listFromForm(raw) : raw;
  if (!Array.isArray(value)) throw new Refused(`Expected a list of items but got type "${pythonType(value)}".`);
  if (field.minItems && value.length < field.minItems) throw new Refused('This list may not be empty.');
  // of a choice of several it is not told which item is the wrong one
  if (field.items!.kind === 'choice') return value.map((item) => validateValue(field.items!, item, false));
  return eachItem(value.entries(), (item) => validateValue(field.items!, item, false)).map(([, item]) => item);
}

function listFromForm(raw: string): unknown {
  if (!raw.trim().startsWith('[')) return [raw];
  return fromForm(raw, true);
}

/** Validates items of a list or map; errors are told by index or key. */
function eachItem<K>(entries: Iterable<[K, unknown]>, check: (item: unknown) => unknown): [K, unknown][] {
  const errors: { [key: string]: ErrorBody } = Object.create(null);
  const out: [K, unknown][] = [];
  for (const [key, item] of entries) {
    try {
      out.push([key, check(item)]);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      errors[String(key)] = error.body;
    }
  }
  if (Object.keys(errors).length > 0) throw new Refused(errors);
  return out;
}

function toObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refused(`Expected a dictionary of items but got type "${pythonType(value)}".`);
  }
  return value as Record<string, unknown>;
}

function toMap(field: Field, value: unknown, isForm: boolean): Record<string, unknown> {
  const entries = eachItem(Object.entries(toObject(value)), (item) => validateValue(field.items!, item, isForm));
  return Object.fromEntries(entries);
}

function toLabels(value: unknown): Record<string, string | null> {
  const labels = toMap({ kind: 'map', items: { kind: 'string', nullable: true, blank: true } }, value, false);
  checkLabels(labels as Record<string, string | null>);
  return labels as Record<string, string | null>;
}

/** Key and value rules of labels (core.md §1.6). */
export function checkLabels(labels: Readonly<Record<string, string | null>>): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_KEY.test(key)) {
      throw new Refused(
        `Key '${key}' contains invalid characters. Only alphanumerics, underscores, spaces, hyphens, and dots are allowed.`,
      );
    }
    if (value !== null && /[()]/.test(value)) throw new Refused(`Key '${key}' contains value with parenthesis.`);
  }
}

/** Refused, but told under `non_field_errors`. */
export class CrossRefused extends Refused {}

function toNested(field: Field, value: unknown, isForm: boolean): Record<string, unknown> {
  const object = toObject(value);
  const errors: { [key: string]: ErrorBody } = {};
  const out: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(field.properties ?? {})) {
    try {
      if (!Object.hasOwn(object, name)) {
        if (part.default !== undefined) out[name] = part.default;
        else if (part.required) throw new Refused('This field is required.');
        continue;
      }
      out[name] = validateValue(part, object[name], isForm);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      errors[name] = error.body;
    }
  }
  if (Object.keys(errors).length > 0) throw new Refused(errors);
  return out;
}
