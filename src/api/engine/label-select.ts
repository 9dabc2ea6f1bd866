/** `pulp_label_select` (core.md §1.6): comma-separated terms over the labels of a row, all of which must hold. */
import { type Sql, sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';

/** Begins with a character of keys; whatever is no operator belongs to the key: one that no label can have is simply not found. */
const TERM = /^(!)?([\p{L}\p{N}_\s.-].*?)(?:(!=|=|~)(.*))?$/su;

/** The condition for a selector on the column `labels`; throws a bare list of messages like Pulp. */
export function labelCondition(labels: Sql, selector: string): Sql {
  return sql.and(splitTerms(selector).map((term) => termCondition(labels, term)));
}

/** Splits at commas; `\,` is a comma inside a value. */
function splitTerms(selector: string): string[] {
  return selector.split(/(?<!\\),/).map((term) => term.replaceAll('\\,', ','));
}

function termCondition(labels: Sql, term: string): Sql {
  const found = TERM.exec(term);
  if (!found) throw new ValidationError([`Invalid search term: '${term}'.`]);
  const [, not, key = '', operator, value = ''] = found;
  if (not && operator) throw new ValidationError([`Cannot use an operator with '!${key}'.`]);
  if (not) return sql`not ${labels} ? ${key}`;
  return sql`(${labels} <> '{}' and ${positiveCondition(labels, key, operator, value)})`;
}

/** Rows without labels were left out before: the index on labels holds only the others. */
function positiveCondition(labels: Sql, key: string, operator: string | undefined, value: string): Sql {
  switch (operator) {
    case '=':
      return sql`${labels} @> ${JSON.stringify({ [key]: value })}::jsonb`;
    case '!=':
      return sql`(${labels} ? ${key} and (${labels} ->> ${key}) is distinct from ${value})`;
    case '~':
      return sql`(${labels} ->> ${key}) ilike ${`%${escapeLike(value)}%`}`;
    default:
      return sql`${labels} ? ${key}`;
  }
}

/** Escapes the wildcards of LIKE. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
