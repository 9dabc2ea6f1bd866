/** What exports and imports have in common: records nested below an exporter or importer, made by a task. */

import { sql } from '../../db/sql.ts';
import { HttpError } from '../../lib/errors.ts';
import { isUuid } from '../../lib/text/uuid.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import { datetime, type Field, reference, string } from '../../plugin-api/declare/field.ts';
import { labelOf, type Model, prn } from '../../plugin-api/declare/model.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';

/** Lists of them can be paged and nothing else. */
export const WITHOUT_FILTERS = ['q', 'ordering', 'prn__in', 'pulp_href__in', 'pulp_id__in'] as const;

export function nestedTable(model: Model, parent: Model): Resource['table'] {
  return {
    name: model.table,
    from: sql`${sql.ident(model.table)} t`,
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    inDomain: true,
    parent: async (request, params) =>
      sql`t.${sql.raw(model.parentColumn!)} = ${await requireParent(request, parent, params)}`,
  };
}

/** The id of the object whose records are meant; 404 when it is not there. */
export async function requireParent(
  request: RequestContext,
  parent: Model,
  params: Readonly<Record<string, string>>,
): Promise<string> {
  const id = params.parent ?? '';
  const there = isUuid(id)
    ? await request.db.row(sql`select 1 from ${sql.ident(parent.table)} where pulp_id = ${id}
        and domain_id = ${request.domain.id} and pulp_type = ${parent.pulpType}`)
    : undefined;
  if (!there) throw new HttpError(404, `No ${parent.name} matches the given query.`);
  return id;
}

export function nestedIdentity(model: Model): Record<string, Field> {
  const [before, after] = model.path.split('/*/');
  return {
    pulp_href: string({
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, { apiPrefix }) => `${apiPrefix}${before}/${row[model.parentColumn!]}/${after}/${row.pulp_id}/`,
    }),
    prn: string({ readOnly: true, column: false, read: (row) => prn(labelOf(model), String(row.pulp_id)) }),
    pulp_created: datetime({ help: 'When it was made.', readOnly: true }),
    pulp_last_updated: datetime({ help: 'When it was last changed.', readOnly: true }),
  };
}

export function taskField(options: Partial<Field>): Field {
  return reference('core.task', {
    help: 'The task that did it.',
    column: 'task_id',
    read: (row, presenter) => (row.task_id ? presenter.href('core.task', String(row.task_id)) : null),
    ...options,
  });
}
