/** Reads the value of a setting from text (flag, environment) or from parsed TOML, by its declared type. */
import { parse } from 'smol-toml';
import type { Setting } from './setting.ts';

/** Says in words what is wrong with a value; the caller adds the name and the source. */
export class InvalidValue extends Error {}

const truths = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
]);

/** The value that a text stands for: `@json`, TOML where it parses, else the text itself. */
export function readText(text: string): unknown {
  const marked = /^@(json|str|none)\s*([\s\S]*)$/.exec(text);
  if (marked) {
    const [, kind, rest = ''] = marked;
    if (kind === 'str') return rest;
    if (kind === 'none') return null;
    try {
      return JSON.parse(rest);
    } catch {
      throw new InvalidValue('is not valid JSON after @json');
    }
  }
  try {
    const parsed = parse(`value = ${text}`);
    return Object.keys(parsed).length === 1 ? parsed.value : text;
  } catch {
    return text;
  }
}

/** Converts a text from a flag or the environment. */
export function valueFromText(setting: Setting<unknown>, text: string): unknown {
  const value = readText(text);
  switch (setting.type) {
    case 'text':
    case 'optional-text':
    case 'choice':
      if (text === '' && setting.type === 'optional-text') return null;
      // A password such as 12345 or true is meant as it stands.
      return checkValue(setting, typeof value === 'string' || value === null ? value : text);
    case 'boolean':
      return checkValue(setting, truths.get(String(value).toLowerCase()) ?? value);
    case 'list':
      if (typeof value === 'string') return checkValue(setting, splitList(value));
      return checkValue(setting, value);
    default:
      return checkValue(setting, value === '' && setting.type === 'optional-integer' ? null : value);
  }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** Checks a value against the declared type and gives it back. */
export function checkValue(setting: Setting<unknown>, value: unknown): unknown {
  const optional = setting.type.startsWith('optional-');
  if (optional && value === null) return null;
  switch (setting.type) {
    case 'text':
    case 'optional-text':
      if (typeof value !== 'string') throw new InvalidValue(`must be text, not ${describe(value)}`);
      return value;
    case 'choice':
      if (!setting.choices?.includes(value as string)) {
        throw new InvalidValue(`must be one of ${setting.choices?.join(', ')}, not ${describe(value)}`);
      }
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw new InvalidValue(`must be true or false, not ${describe(value)}`);
      return value;
    case 'integer':
    case 'optional-integer':
      return checkInteger(setting, value);
    case 'list':
      return checkList(setting, value);
    case 'table':
      if (!isTable(value)) throw new InvalidValue(`must be a table, not ${describe(value)}`);
      return value;
  }
}

function checkInteger(setting: Setting<unknown>, value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (!Number.isSafeInteger(number)) throw new InvalidValue(`must be a whole number, not ${describe(value)}`);
  if ((number as number) < (setting.minimum ?? 0)) throw new InvalidValue(`must be at least ${setting.minimum ?? 0}`);
  return number as number;
}

function checkList(setting: Setting<unknown>, value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.some((entry) => typeof entry !== 'string')) {
    throw new InvalidValue(`must be a list of texts, not ${describe(value)}`);
  }
  const unknown = value.filter((entry) => setting.choices && !setting.choices.includes(entry));
  if (unknown.length > 0) {
    throw new InvalidValue(`has unknown entries: ${unknown.join(', ')} (known are ${setting.choices?.join(', ')})`);
  }
  return Object.freeze([...value]);
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  return typeof value === 'string' ? JSON.stringify(value) : String(JSON.stringify(value) ?? value);
}
