/** The filters of the list of packages. */

import { ValidationError } from '../../../lib/errors.ts';
import {
  choiceFilter,
  customFilter,
  type Filter,
  type Filters,
  type Sql,
  sql,
  textFilter,
} from '../../../plugin-api/index.ts';
import { normalizeName } from '../formats/project-name.ts';
import { parseSpecifiers } from '../formats/specifier.ts';
import { specifierCondition } from './specifier-condition.ts';

const column = (name: string) => sql.raw(`d.${name}`);
/** As with all filters of text, an empty value leaves the list as it is. */
const given = (condition: (value: string) => Sql, options: Partial<Filter> = {}) =>
  customFilter((value) => (value === '' ? sql`true` : condition(value)), options);
const LIST = { schema: { type: 'array', items: { type: 'string' } } } as const;
export const PACKAGE_TYPES = [
  'bdist_dmg',
  'bdist_dumb',
  'bdist_egg',
  'bdist_msi',
  'bdist_rpm',
  'bdist_wheel',
  'bdist_wininst',
  'sdist',
] as const;

export const packageFilters: Filters = {
  name: given((value) => sql`d.name_normalized = ${normalizeName(value)}`),
  name__in: given(
    (value) => sql`d.name_normalized = any(${value.split(',').map((one) => normalizeName(one.trim()))}::text[])`,
    LIST,
  ),
  name__contains: customFilter((value) => sql`position(${value} in d.name) > 0`),
  author: textFilter(column('author'), { lookups: ['', 'in', 'contains'] }),
  filename: textFilter(column('filename'), { lookups: ['', 'in', 'contains'] }),
  keywords: textFilter(column('keywords'), { lookups: ['in', 'contains'] }),
  packagetype: choiceFilter(column('packagetype'), PACKAGE_TYPES, ['', 'in']),
  requires_python: textFilter(column('requires_python'), { lookups: ['', 'in', 'contains'] }),
  sha256: textFilter(column('sha256'), { lookups: ['', 'in'] }),
  version: given((value) => sql`d.version = ${value}`),
  version__gt: given((value) => sql`d.version > ${value}`),
  version__gte: given((value) => sql`d.version >= ${value}`),
  version__lt: given((value) => sql`d.version < ${value}`),
  version__lte: given((value) => sql`d.version <= ${value}`),
  version_specifier: customFilter(async (value, request) => {
    const specifiers = parseSpecifiers(value);
    if (!specifiers) throw new ValidationError({ version_specifier: `Invalid PEP 440 version specifier: ${value}` });
    return await specifierCondition(request.db, specifiers);
  }),
};
