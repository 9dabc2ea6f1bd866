/** Filters of versions, and of what is made of them, by the units they hold. */
import { type Sql, sql } from '../../db/sql.ts';
import { inVersion, versionRow } from '../../model/repositories/membership.ts';
import { customFilter } from '../../plugin-api/declare/filter.ts';
import { contentCondition } from './repository-actions.ts';

/** `content` and `content__in`, for the alias of the version in the query. */
export function heldContentFilters(version: 't' | 'rv') {
  const holds = (content: Sql) =>
    sql`exists (select 1 from repository_content rc join content c on c.id = rc.content_id where ${content}
      and ${inVersion(versionRow(version))})`;
  return {
    content: customFilter(async (value, request) => holds(await contentCondition(value, request))),
    content__in: customFilter(
      async (value, request) => {
        const parts: Sql[] = [];
        for (const one of value.split(',')) parts.push(await contentCondition(one, request));
        return holds(sql`(${sql.join(parts, ' or ')})`);
      },
      { schema: { type: 'array', items: { type: 'string' } } },
    ),
  };
}
