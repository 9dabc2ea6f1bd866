/** Fields and filters that all resources of a kind share. */
import { sql } from '../../db/sql.ts';
import type { Presenter } from '../contracts/context.ts';
import { datetime, type Field, labels, type Row, string } from './field.ts';
import { type Filters, textFilter } from './filter.ts';
import { labelOf, type Model, prn } from './model.ts';

/** pulp_href, prn, pulp_created, pulp_last_updated. */
export function identityFields(model: Model): Record<string, Field> {
  return {
    pulp_href: string({
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, { apiPrefix, globalPrefix }) =>
        `${model.inDomain === false ? globalPrefix : apiPrefix}${model.path}/${row[model.key ?? 'pulp_id']}/`,
    }),
    prn: string({
      help: 'The Pulp Resource Name (PRN).',
      readOnly: true,
      column: false,
      read: (row) => prn(labelOf(model), String(row[model.key ?? 'pulp_id'])),
    }),
    pulp_created: datetime({ help: 'When it was made.', readOnly: true }),
    pulp_last_updated: datetime({ help: 'When it was last changed.', readOnly: true }),
  };
}

/** `pulp_labels`, which all labelled resources have. */
export const labelField: Field = labels({ help: 'Labels by key.', required: false });

/** hrefs of the vulnerability reports of units; null for units that no scan has looked at. */
export async function reportHrefs(
  rows: readonly Row[],
  { services, domain, href }: Presenter,
): Promise<(string | null)[]> {
  const found = await services.db.rows<{ pulp_id: string; content_id: number }>(
    sql`select pulp_id, content_id from vulnerability_report
      where domain_id = ${domain.id} and content_id = any(${rows.map((row) => row.id)}::bigint[])`,
  );
  const byUnit = new Map(found.map((report) => [Number(report.content_id), report.pulp_id]));
  return rows.map((row) => {
    const report = byUnit.get(Number(row.id));
    return report === undefined ? null : href('core.vulnerabilityreport', report);
  });
}

/** Filters by name, which all named resources have. */
export const nameFilters: Filters = { name: textFilter(sql.raw('t.name')) };

/** Ordering words of every model. */
export const COMMON_ORDERING = ['pulp_id', 'pulp_created', 'pulp_last_updated', 'pk'] as const;
/** Those of master tables. */
export const MASTER_ORDERING = ['pulp_id', 'pulp_created', 'pulp_last_updated', 'pulp_type', 'pk'] as const;
