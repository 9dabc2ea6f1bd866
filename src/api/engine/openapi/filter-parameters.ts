/** Query parameters of a list: one for each filter and suffix, and those that all lists have. */
import type { Filter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import type { Parameter } from './extra-operation.ts';
import type { Schema } from './field-schema.ts';

const TEXT: Schema = { type: 'string' };
const BASE: Readonly<Record<Filter['kind'], Schema>> = {
  text: TEXT,
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  datetime: { type: 'string', format: 'date-time' },
  choice: TEXT,
  uuid: { type: 'string', format: 'uuid' },
  reference: TEXT,
  digest: TEXT,
  custom: TEXT,
};

const SUFFIX_TEXT: Readonly<Record<string, string>> = {
  '': 'equals',
  in: 'is one of a comma-separated list',
  ne: 'does not equal',
  gt: 'is greater than',
  gte: 'is greater than or equal to',
  lt: 'is less than',
  lte: 'is less than or equal to',
  range: 'is between two comma-separated values',
  isnull: 'has no value',
  contains: 'contains',
  icontains: 'contains, ignoring case',
  iexact: 'equals, ignoring case',
  startswith: 'starts with',
  istartswith: 'starts with, ignoring case',
  endswith: 'ends with',
  iendswith: 'ends with, ignoring case',
  regex: 'matches a regular expression',
  iregex: 'matches a regular expression, ignoring case',
};

/** All query parameters of a list, sorted by name. */
export function listParameters(resource: Resource): Parameter[] {
  const own = Object.entries(resource.filters).flatMap(([name, filter]) =>
    (filter.lookups ?? ['']).map((suffix) => filterParameter(name, filter, suffix)),
  );
  const common = commonParameters(resource).filter((parameter) => !resource.without?.includes(parameter.name));
  return [...own, ...common].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function filterParameter(name: string, filter: Filter, suffix: string): Parameter {
  const schema = filter.schema && !isDerived(filter, suffix) ? filter.schema : suffixSchema(filter, suffix);
  return {
    in: 'query',
    name: suffix === '' ? name : `${name}__${suffix}`,
    schema,
    ...(schema.type === 'array' && { explode: filter.repeatable ?? false, style: 'form' }),
    description: filter.help ?? `Only where ${name} ${SUFFIX_TEXT[suffix] ?? suffix}.`,
  };
}

/** A declared schema is that of the plain name; suffixes that change the type derive theirs from it. */
function isDerived(filter: Filter, suffix: string): boolean {
  return suffix === 'isnull' || ((suffix === 'in' || suffix === 'range') && filter.schema?.type !== 'array');
}

function suffixSchema(filter: Filter, suffix: string): Schema {
  const value = filter.schema ?? valueSchema(filter, suffix);
  if (suffix === 'isnull') return { type: 'boolean' };
  return suffix === 'in' || suffix === 'range' ? { type: 'array', items: value } : value;
}

/** Choices are told for the plain name and for lists of types; other suffixes take any text. */
function valueSchema(filter: Filter, suffix: string): Schema {
  if (filter.kind !== 'choice') return BASE[filter.kind];
  const closed = filter.choices!.length > 0 && (suffix === '' || filter.closed);
  return closed ? { type: 'string', enum: [...filter.choices!].sort() } : TEXT;
}

const array = (name: string, items: Schema, description: string): Parameter => ({
  in: 'query',
  name,
  schema: { type: 'array', items },
  explode: false,
  style: 'form',
  description,
});

function commonParameters(resource: Resource): Parameter[] {
  return [
    {
      in: 'query',
      name: 'limit',
      required: false,
      schema: { type: 'integer' },
      description: 'How many results a page has.',
    },
    {
      in: 'query',
      name: 'offset',
      required: false,
      schema: { type: 'integer' },
      description: 'Index of the first result.',
    },
    array(
      'ordering',
      { type: 'string', enum: orderingWords(resource) },
      'Order of the results; - in front reverses it.',
    ),
    { in: 'query', name: 'q', schema: TEXT, description: 'Filters joined with NOT, AND and OR.' },
    array('pulp_id__in', { type: 'string', format: 'uuid' }, 'Only those with one of these ids.'),
    array('pulp_href__in', TEXT, 'Only those with one of these hrefs.'),
    array('prn__in', TEXT, 'Only those with one of these PRNs.'),
    ...(resource.hasLabels
      ? [{ in: 'query', name: 'pulp_label_select', schema: TEXT, description: 'Only those whose labels fit.' } as const]
      : []),
  ];
}

function orderingWords(resource: Resource): string[] {
  return resource.ordering.flatMap((word) => [word, `-${word}`]).sort();
}
