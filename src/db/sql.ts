/** The `sql` template tag: SQL text with numbered placeholders and its values, built from nested fragments. */

const textOfTemplate = new WeakMap<readonly string[], string>();

/** A piece of SQL: texts around values. Immutable; the placeholder text is made on first use. */
export class Sql {
  readonly parts: readonly string[];
  readonly values: readonly unknown[];
  /** False for texts made only once, which are not worth a prepared statement on the connection. */
  readonly prepared: boolean;

  constructor(parts: readonly string[], values: readonly unknown[], prepared = true) {
    this.parts = parts;
    this.values = values;
    this.prepared = prepared;
  }

  /** The text with $1, $2 … for the values. Templates without fragments share one text for all calls. */
  get text(): string {
    let text = textOfTemplate.get(this.parts);
    if (text === undefined) {
      text = this.parts[0] ?? '';
      for (let i = 1; i < this.parts.length; i++) text += `$${i}${this.parts[i]}`;
      textOfTemplate.set(this.parts, text);
    }
    return text;
  }

  /** This statement, to be sent without a name: for texts that will not come again. */
  get unprepared(): Sql {
    return new Sql(this.parts, this.values, false);
  }
}

function tag(template: TemplateStringsArray, ...values: unknown[]): Sql {
  if (!values.some((value) => value instanceof Sql)) return new Sql(template, values);
  const parts: string[] = [template[0] as string];
  const flat: unknown[] = [];
  let prepared = true;
  values.forEach((value, i) => {
    const after = template[i + 1] as string;
    if (value instanceof Sql) {
      appendFragment(parts, flat, value);
      prepared &&= value.prepared;
      parts[parts.length - 1] += after;
    } else {
      flat.push(value);
      parts.push(after);
    }
  });
  return new Sql(parts, flat, prepared);
}

function appendFragment(parts: string[], values: unknown[], fragment: Sql): void {
  parts[parts.length - 1] += fragment.parts[0] ?? '';
  for (let i = 1; i < fragment.parts.length; i++) parts.push(fragment.parts[i] as string);
  for (const value of fragment.values) values.push(value);
}

function raw(text: string): Sql {
  return new Sql([text], []);
}

const empty = raw('');

/** A quoted identifier; several names give a dotted path such as "schema"."table". */
function ident(...names: string[]): Sql {
  return raw(names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.'));
}

/** Fragments or values joined by a separator (a comma unless told); nothing for an empty list. */
function join(list: Iterable<unknown>, separator: Sql | string = ', '): Sql {
  const between = typeof separator === 'string' ? raw(separator) : separator;
  const parts: string[] = [''];
  const values: unknown[] = [];
  let first = true;
  for (const item of list) {
    if (!first) appendFragment(parts, values, between);
    first = false;
    if (item instanceof Sql) appendFragment(parts, values, item);
    else {
      values.push(item);
      parts.push('');
    }
  }
  return new Sql(parts, values);
}

/** Conditions joined by `and`; `true` when there are none. */
function and(conditions: Iterable<Sql>): Sql {
  const joined = join(conditions, ' and ');
  return joined.text === '' ? raw('true') : joined;
}

/** A value for json and jsonb columns: the driver would turn a JavaScript array into a PostgreSQL array. */
function json(value: unknown): Sql {
  return tag`${value === undefined ? null : JSON.stringify(value)}::jsonb`;
}

/**
 * sql`select … where name = ${name} and ${condition}`. Values become placeholders, `Sql` values are inlined.
 * `sql.raw` takes text as it is and must never see input of a user.
 */
export const sql = Object.assign(tag, { raw, empty, ident, join, and, json });
