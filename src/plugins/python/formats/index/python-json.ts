/** JSON as Python's standard library writes it by default: separators with a blank, everything beyond ASCII escaped. */

/** Levels of lists and objects within each other that no honest document has. */
export const DEEPEST = 100;

/** Whether a value is nested more than DEEPEST levels. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}

/** The text `json.dumps(value, sort_keys=…)` gives; digests of documents are taken over it. */
export function pythonJson(value: unknown, sortKeys = false): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((one) => pythonJson(one, sortKeys)).join(', ')}]`;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  if (sortKeys) entries.sort(([a], [b]) => compareCodePoints(a, b));
  return `{${entries.map(([key, one]) => `${quote(key)}: ${pythonJson(one, sortKeys)}`).join(', ')}}`;
}

function quote(text: string): string {
  return JSON.stringify(text)
    .replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('\\u007f', '\u007f');
}

function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
