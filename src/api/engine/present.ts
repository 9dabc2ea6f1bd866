/** Rows to wire objects by the fields of a resource, with `fields` and `exclude_fields`. */
import type { Presenter } from '../../plugin-api/contracts/context.ts';
import type { Field, Row } from '../../plugin-api/declare/field.ts';
import { labelOf, type Model, prn } from '../../plugin-api/declare/model.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';

/** Which fields an answer has. */
export interface Selection {
  readonly only?: ReadonlySet<string>;
  readonly without?: ReadonlySet<string>;
}

export const everything: Selection = {};

/** Reads `fields` and `exclude_fields` of a query; unknown names are ignored. */
export function selectionOf(query: URLSearchParams): Selection {
  const words = (key: string) => {
    const values = query
      .getAll(key)
      .flatMap((value) => value.split(','))
      .map((word) => word.trim())
      .filter(Boolean);
    return values.length > 0 ? new Set(values) : undefined;
  };
  const only = words('fields');
  const without = words('exclude_fields');
  return { ...(only && { only }), ...(without && { without }) };
}

function shows(name: string, field: Field, selection: Selection): boolean {
  if (field.writeOnly) return false;
  if (selection.only ? !selection.only.has(name) : field.onRequest) return false;
  return !selection.without?.has(name);
}

/** The wire objects of rows, in the order of the rows. */
export async function present(
  resource: Resource,
  rows: readonly Row[],
  presenter: Presenter,
  selection = everything,
): Promise<Row[]> {
  const shown = Object.entries(resource.fields).filter(([name, field]) => shows(name, field, selection));
  const out: Row[] = rows.map(() => ({}));
  for (const [name, field] of shown) {
    const values = field.load ? await field.load(rows, presenter) : undefined;
    for (let i = 0; i < rows.length; i++) {
      const value = values ? values[i] : readValue(name, field, rows[i]!, presenter);
      if (value === undefined || (field.omitNull && value === null)) continue;
      out[i]![name] = value;
    }
  }
  return out;
}

/** One row. */
export async function presentOne(
  resource: Resource,
  row: Row,
  presenter: Presenter,
  selection = everything,
): Promise<Row> {
  const [object] = await present(resource, [row], presenter, selection);
  return object!;
}

function readValue(name: string, field: Field, row: Row, presenter: Presenter): unknown {
  if (field.read) return field.read(row, presenter);
  const value = storedValue(name, field, row);
  if (field.kind === 'reference' && value !== null && value !== undefined && typeof field.target === 'string') {
    return referenceHref(name, field, row, String(value), presenter);
  }
  return value ?? (field.kind === 'labels' ? {} : null);
}

/** The stored value of a field: a column, or an entry of `details`. */
export function storedValue(name: string, field: Field, row: Row): unknown {
  if (field.detail) {
    const value = (row.details as Row | null)?.[name];
    return value === undefined ? (field.default ?? null) : value;
  }
  return row[typeof field.column === 'string' ? field.column : name] ?? null;
}

/** A reference is shown by the type of what it points at, selected beside the id as `<field>_type`. */
function referenceHref(name: string, field: Field, row: Row, id: string, presenter: Presenter): string | null {
  const target = String(field.target);
  if (target.includes('.')) return presenter.href(target, id);
  return presenter.hrefOfType(target, row[`${name}_type`] as string | null, id);
}

/** href of a row of a model. */
export function hrefOf(model: Model, apiPrefix: string, row: Row): string {
  return `${apiPrefix}${model.path}/${row[model.key ?? 'pulp_id']}/`;
}

/** PRN of a row of a model. */
export function prnOf(model: Model, row: Row): string {
  return prn(labelOf(model), String(row[model.key ?? 'pulp_id']));
}
