/** Plain data as YAML in block style; strings that could be read as anything else are quoted as in JSON. */

/** Starts with a letter and has nothing that YAML gives a meaning to. */
const PLAIN = /^[A-Za-z][\w./-]*(?: [\w./-]+)*$/;
/** Words that YAML 1.1 or 1.2 takes for booleans, nulls or numbers. */
const WORDS = /^(true|false|yes|no|on|off|null|y|n|nan|inf)$/i;

export function toYaml(value: unknown): string {
  return block(value, '').replace(/^\n/, '');
}

/** A value behind its key or dash: scalars on the same line, the rest on the next lines. */
function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.length === 0 ? ' []\n' : `\n${items(value, indent)}`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, part]) => part !== undefined);
    return entries.length === 0 ? ' {}\n' : `\n${members(entries, indent)}`;
  }
  return ` ${scalar(value)}\n`;
}

function members(entries: readonly [string, unknown][], indent: string): string {
  return entries.map(([key, value]) => `${indent}${scalar(key)}:${block(value, `${indent}  `)}`).join('');
}

/** Objects in a list begin on the line of their dash. */
function items(values: readonly unknown[], indent: string): string {
  return values
    .map((value) => {
      const text = block(value, `${indent}  `);
      return text.startsWith('\n') ? `${indent}- ${text.slice(1 + indent.length + 2)}` : `${indent}-${text}`;
    })
    .join('');
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'null';
  return PLAIN.test(value) && !WORDS.test(value) ? value : JSON.stringify(value);
}
