/** The document as JSON or YAML text. */
import type { OpenApiDocument } from '../build-document.ts';
import { toYaml } from './to-yaml.ts';

/** Bounds of `number` schemas keep a decimal point, by which generated clients tell them from integers. */
const FLOATS = new Set(['minimum', 'maximum', 'default']);

interface RawJson {
  rawJSON(text: string): unknown;
}

function asFloat(this: unknown, key: string, value: unknown): unknown {
  if (!FLOATS.has(key) || !Number.isInteger(value)) return value;
  const { type } = this as { type?: unknown };
  // not in the types of the language yet
  return type === 'number' ? (JSON as unknown as RawJson).rawJSON(`${value}.0`) : value;
}

export function documentJson(document: OpenApiDocument, indent?: number): string {
  return JSON.stringify(document, asFloat, indent);
}

export function documentYaml(document: OpenApiDocument): string {
  return toYaml(document);
}
