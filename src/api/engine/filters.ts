/** Query keys of a list to SQL conditions: suffixes, references, dates, labels and `q` (core.md §1.5–1.7). */

import { type Sql, sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { isUuid } from '../../lib/text/uuid.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import type { Filter } from '../../plugin-api/declare/filter.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { conditionFor, fits, type HrefReader } from './hrefs.ts';
import { escapeLike, labelCondition } from './label-select.ts';
import { ComplexityRefused, costOf, type Expression, MAX_COST, parseQ, SyntaxRefused } from './q-expression.ts';
import { likeCondition } from './search-piece.ts';
import { Refused } from './validate-value.ts';

/** Query keys that are never filters. */
const NOT_FILTERS = new Set([
  'exclude_fields',
  'fields',
  'limit',
  'minimal',
  'offset',
  'page_size',
  'ordering',
  'format',
]);
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?)?\s*(?:Z|z|[+-]\d\d(?::?\d\d)?)?$/;
const WHOLE = /^\s*-?\d+\s*$/;

interface Lookup {
  readonly filter: Filter;
  readonly suffix: string;
}

/** The filters of a resource by full query key; made once per resource. */
export class FilterSet {
  readonly #lookups = new Map<string, Lookup>();
  readonly #resource: Resource;
  readonly #hrefs: HrefReader;

  constructor(resource: Resource, hrefs: HrefReader) {
    this.#resource = resource;
    this.#hrefs = hrefs;
    for (const [name, filter] of Object.entries(resource.filters)) {
      for (const suffix of filter.lookups ?? ['']) {
        this.#lookups.set(suffix === '' ? name : `${name}__${suffix}`, { filter, suffix });
      }
    }
  }

  /** All conditions of a query. */
  async conditions(query: URLSearchParams, request: RequestContext): Promise<Sql[]> {
    const unknown = [...query.keys()].filter((key) => !NOT_FILTERS.has(key) && !this.#known(key));
    if (unknown.length > 0) throw new ValidationError({ errors: unknown.map((key) => `Invalid Filter: '${key}'`) });
    const conditions: Sql[] = [];
    for (const [key, value] of query) {
      if (NOT_FILTERS.has(key)) continue;
      conditions.push(key === 'q' ? await this.#q(value, request) : await this.#condition(key, value, request));
    }
    return conditions;
  }

  #known(key: string): boolean {
    if (this.#resource.without?.includes(key)) return false;
    return (
      this.#lookups.has(key) ||
      ['q', 'prn__in', 'pulp_href__in', 'pulp_id__in'].includes(key) ||
      (key === 'pulp_label_select' && !!this.#resource.hasLabels)
    );
  }

  async #q(text: string, request: RequestContext): Promise<Sql> {
    if (text === '') return sql.raw('true');
    let expression: Expression;
    try {
      expression = parseQ(text);
    } catch (error) {
      if (error instanceof SyntaxRefused) throw ValidationError.field('q', 'Syntax error in expression.');
      if (error instanceof ComplexityRefused) throw tooComplex();
      throw error;
    }
    if (costOf(expression) > MAX_COST) throw tooComplex();
    return await this.#expression(expression, request);
  }

  async #expression(expression: Expression, request: RequestContext): Promise<Sql> {
    if (expression.op === 'filter') return await this.#leaf(expression.key, expression.value, request);
    if (expression.op === 'not')
      return sql`not coalesce((${await this.#expression(expression.operand, request)}), false)`;
    const parts: Sql[] = [];
    for (const operand of expression.operands) parts.push(sql`(${await this.#expression(operand, request)})`);
    return sql`(${sql.join(parts, sql.raw(` ${expression.op} `))})`;
  }

  async #leaf(key: string, value: string, request: RequestContext): Promise<Sql> {
    if (key === 'q') throw ValidationError.field('q', "You cannot use 'q' in complex filtering.");
    if (key === 'ordering') throw ValidationError.field('q', 'An ordering filter cannot be used in complex filtering.');
    if (!this.#known(key)) throw ValidationError.field('q', `Filter '${key}' does not exist.`);
    try {
      return await this.#condition(key, value, request);
    } catch (error) {
      throw withinQ(key, error);
    }
  }

  async #condition(key: string, value: string, request: RequestContext): Promise<Sql> {
    if (value.includes('\0')) throw ValidationError.field(key, 'Null characters are not allowed.');
    if (key === 'pulp_label_select') return labelCondition(sql.raw('t.pulp_labels'), value);
    if (key === 'pulp_id__in') return this.#idIn(key, split(value));
    if (key === 'pulp_href__in' || key === 'prn__in') return this.#namesIn(key, split(value));
    const { filter, suffix } = this.#lookups.get(key)!;
    if (filter.kind === 'custom') return await filter.condition!(value, request);
    if (value === '' && filter.kind !== 'reference') return sql.raw('true');
    return await lookupCondition(filter, suffix, key, value, this.#hrefs, request);
  }

  #idIn(key: string, ids: string[]): Sql {
    const bad = ids.find((id) => !isUuid(id));
    if (bad !== undefined) throw ValidationError.field(key, 'Enter a valid UUID.');
    return sql`t.${sql.raw(this.#resource.table.key)} = any(${ids})`;
  }

  #namesIn(key: string, names: string[]): Sql {
    const conditions = names.map((name) => {
      if (key === 'prn__in' && !name.startsWith('prn:')) {
        throw new ValidationError([`Not a valid PRN: ${name}, must start with 'prn:'`]);
      }
      const named = this.#read(name);
      return fits(named.model, this.#resource.table.name) ? conditionFor(named, 't') : sql.raw('false');
    });
    return conditions.length === 0 ? sql.raw('false') : sql`(${sql.join(conditions, ' or ')})`;
  }

  #read(name: string) {
    try {
      return this.#hrefs.read(name);
    } catch (error) {
      if (error instanceof Refused) throw new ValidationError([`URI not valid: ${name}`]);
      throw error;
    }
  }
}

const tooComplex = () => ValidationError.field('q', 'Filter expression exceeds allowed complexity.');

/** The error of a filter inside `q`: Pulp tells it as JSON in the text of its own error. */
function withinQ(key: string, error: unknown): unknown {
  if (!(error instanceof ValidationError)) return error;
  const messages = (error.body as Readonly<Record<string, unknown>>)[key];
  if (!Array.isArray(messages)) return error;
  const told = messages.map((message) => {
    const code = String(message).startsWith('Select a valid choice') ? 'invalid_choice' : 'invalid';
    return `{"message": ${JSON.stringify(message)}, "code": "${code}"}`;
  });
  return ValidationError.field('q', `{"${key}": [${told.join(', ')}]}`);
}

function split(value: string): string[] {
  return value === '' ? [] : value.split(',').map((part) => part.trim());
}

const COMPARE: Record<string, Sql> = {
  '': sql.raw('='),
  ne: sql.raw('<>'),
  gt: sql.raw('>'),
  gte: sql.raw('>='),
  lt: sql.raw('<'),
  lte: sql.raw('<='),
};

/** One key with its suffix as a condition. */
async function lookupCondition(
  filter: Filter,
  suffix: string,
  key: string,
  value: string,
  hrefs: HrefReader,
  request: RequestContext,
): Promise<Sql> {
  const e = filter.expression!;
  if (suffix === 'isnull') {
    if (/^(true|1|t)$/i.test(value)) return sql`${e} is null`;
    return /^(false|0|f)$/i.test(value) ? sql`${e} is not null` : sql.raw('true');
  }
  if (filter.kind === 'reference') return await referenceCondition(filter, suffix, value, hrefs, request);
  // only a closed list of choices is checked with a suffix: Pulp takes any other word, and finds nothing
  const choices =
    filter.kind === 'choice' && suffix !== '' && !filter.closed ? { ...filter, kind: 'text' as const } : filter;
  if (suffix === 'in') return sql`${e} = any(${split(value).map((part) => convert(choices, key, part))})`;
  if (suffix === 'range') {
    const parts = split(value).map((part) => convert(filter, key, part));
    if (parts.length !== 2) throw ValidationError.field(key, 'Range query expects two values.');
    return sql`${e} between ${parts[0]} and ${parts[1]}`;
  }
  const compare = COMPARE[suffix];
  if (compare) return comparison(e, compare, convert(choices, key, value));
  return textCondition(e, suffix, key, value, request);
}

/** A boolean that is none is no filter. */
function comparison(e: Sql, compare: Sql, value: unknown): Sql {
  return value === NO_BOOLEAN ? sql.raw('true') : sql`${e} ${compare} ${value}`;
}

const NO_BOOLEAN = Symbol('no boolean');

async function textCondition(
  e: Sql,
  suffix: string,
  key: string,
  value: string,
  request: RequestContext,
): Promise<Sql> {
  const like = escapeLike(value);
  switch (suffix) {
    case 'iexact':
      // like the other searches in text, so that the same indexes serve
      return likeCondition(e, value, like, true);
    case 'contains':
      return likeCondition(e, value, `%${like}%`, false);
    case 'icontains':
      return likeCondition(e, value, `%${like}%`, true);
    case 'startswith':
      return sql`${e} like ${`${like}%`}`;
    case 'istartswith':
      return likeCondition(e, value, `${like}%`, true);
    case 'regex':
    case 'iregex':
      await checkRegex(key, value, request);
      return suffix === 'regex' ? sql`${e} ~ ${value}` : sql`${e} ~* ${value}`;
  }
  throw new Error(`unknown lookup ${suffix}`);
}

/** The database compiles the expression: only it knows what it accepts. */
async function checkRegex(key: string, value: string, request: RequestContext): Promise<void> {
  try {
    await request.db.row(sql`select '' ~ ${value} as fine`);
  } catch {
    throw ValidationError.field(key, `Enter a valid regular expression: ${value}`);
  }
}

function convert(filter: Filter, key: string, value: string): unknown {
  switch (filter.kind) {
    case 'integer':
      if (!WHOLE.test(value) || !Number.isSafeInteger(Number(value)))
        throw ValidationError.field(key, 'Enter a number.');
      return Number(value);
    case 'boolean':
      if (/^(true|1)$/i.test(value)) return true;
      if (/^(false|0)$/i.test(value)) return false;
      return NO_BOOLEAN;
    case 'datetime':
      return convertDate(key, value);
    case 'choice':
      if (!filter.choices!.includes(value)) {
        throw ValidationError.field(key, `Select a valid choice. ${value} is not one of the available choices.`);
      }
      return value;
    case 'uuid':
      if (!isUuid(value)) throw ValidationError.field(key, 'Enter a valid UUID.');
      return value;
    case 'digest':
      return /^([0-9a-f]{2})*$/i.test(value) ? Buffer.from(value, 'hex') : Buffer.from('none');
    default:
      return value;
  }
}

function convertDate(key: string, value: string): string {
  // a plus sign of a zone arrives as a space from clients that do not encode it
  const text = value.replace(/ (\d\d:?\d\d)$/, '+$1');
  const iso = text.replace(' ', 'T');
  if (!DATE.test(text) || Number.isNaN(Date.parse(iso))) {
    throw ValidationError.field(key, 'Enter a valid date/time.');
  }
  return text;
}

async function referenceCondition(
  filter: Filter,
  suffix: string,
  value: string,
  hrefs: HrefReader,
  request: RequestContext,
): Promise<Sql> {
  const e = filter.expression!;
  if (suffix === '' && (value === '' || value === 'null')) {
    if (filter.nullable) return sql`${e} is null`;
    if (value === '') return sql.raw('true');
  }
  const names = suffix === 'in' ? split(value) : [value];
  const ids: string[] = [];
  for (const name of names) {
    const list = ofWholeType(hrefs, request, name, filter);
    if (list) return sql`${e} in (${list})`;
    ids.push(await resolveId(filter, name, hrefs, request));
  }
  return sql`${e} = any(${ids})`;
}

/** The URL of a list means any object of that type. */
function ofWholeType(hrefs: HrefReader, request: RequestContext, name: string, filter: Filter): Sql | undefined {
  const path = hrefs.relativePath(name)?.replace(/\/$/, '');
  const model = path === undefined ? undefined : request.services.models.byPath(path);
  if (!model?.pulpType || !fits(model, filter.target!)) return undefined;
  return sql`select pulp_id from ${sql.ident(model.table)} where pulp_type = ${model.pulpType}`;
}

async function resolveId(filter: Filter, name: string, hrefs: HrefReader, request: RequestContext): Promise<string> {
  try {
    const named = hrefs.read(name);
    if (!fits(named.model, filter.target!)) throw new Refused(`Invalid hyperlink - Incorrect URL match.`);
    if (named.number === undefined) return named.id;
    const row = await request.db.row<{ pulp_id: string }>(
      sql`select t.pulp_id from repository_version t where ${conditionFor(named, 't')}`,
    );
    return row?.pulp_id ?? '00000000-0000-0000-0000-000000000000';
  } catch (error) {
    if (error instanceof Refused) throw new ValidationError([`URI couldn't be resolved: ${name}`]);
    throw error;
  }
}
