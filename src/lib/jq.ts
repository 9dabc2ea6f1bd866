/** Runs jq filters on JSON: plain paths at once, everything else in jq itself, compiled to WebAssembly and loaded when first needed. */

const PLAIN_PATH = /^(\.[A-Za-z_][A-Za-z0-9_]*)+$/;

/** The first result of a filter, undefined when it has none. Throws for filters and inputs that jq refuses. */
export async function firstResult(input: unknown, filter: string): Promise<unknown> {
  const trimmed = filter.trim();
  if (trimmed === '.') return input;
  if (PLAIN_PATH.test(trimmed)) return followPath(input, trimmed.slice(1).split('.'));
  const { raw } = await import('jq-wasm');
  const output = await raw(JSON.stringify(input), `first(${trimmed})`, ['-c']);
  const [line] = output.split('\n', 1);
  return line ? JSON.parse(line) : undefined;
}

function followPath(input: unknown, names: readonly string[]): unknown {
  let value = input;
  for (const name of names) {
    if (value === null || value === undefined) return null;
    if (typeof value !== 'object' || Array.isArray(value))
      throw new TypeError(`Cannot index ${typeof value} with "${name}"`);
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null;
  }
  return value;
}
