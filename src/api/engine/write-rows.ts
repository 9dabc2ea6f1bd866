/** Writes rows of a resource: validated values to columns, insert, update, delete, and the errors of constraints. */

import type { Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';
import { type ErrorBody, ValidationError } from '../../lib/errors.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';
import { deleteRowOf, insertInto, lockRow, type RowPlace, updateRowOf } from '../../model/rows.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { Field, Row, Values } from '../../plugin-api/declare/field.ts';
import type { Reference } from '../../plugin-api/declare/reference.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { storedValue } from './present.ts';

/** Validated values as they are stored and as they travel in a task: references become ids. */
export function storable(fields: Readonly<Record<string, Field>>, values: Values): Values {
  const out: Values = {};
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    if (!field) out[name] = value;
    else if (field.kind === 'reference' && value !== null) out[name] = (value as Reference).id;
    else if (field.kind === 'list' && field.items?.kind === 'reference')
      out[name] = (value as Reference[]).map((one) => one.id);
    else out[name] = value;
  }
  return out;
}

/** Column assignments for storable values. Values without a column are left out. */
function columnsOf(resource: Resource, values: Values, secrets: Secrets): Map<string, Sql> {
  const columns = new Map<string, Sql>();
  const details: Values = {};
  for (const [name, value] of Object.entries(values)) {
    const field = resource.fields[name];
    if (!field || field.column === false || field.readOnly) continue;
    if (field.detail) details[name] = field.secret && value !== null ? secrets.encrypt(String(value)) : value;
    else columns.set(typeof field.column === 'string' ? field.column : name, columnValue(field, value, secrets));
  }
  if (Object.keys(details).length > 0) columns.set('details', sql.json(details));
  return columns;
}

function columnValue(field: Field, value: unknown, secrets: Secrets): Sql {
  if (value !== null && field.secret) return sql`${secrets.encrypt(String(value))}`;
  if (value !== null && ['labels', 'json', 'object', 'map', 'nested', 'list'].includes(field.kind))
    return sql.json(value);
  return sql`${value}`;
}

function placeOf({ table }: Resource, domain: Domain, id: string): RowPlace {
  return { table: table.name, key: table.key, id, domainId: table.inDomain ? domain.id : undefined };
}

/** Inserts a row; the id is given or made. Returns the id on the wire. */
export async function insertRow(
  tx: Transaction,
  resource: Resource,
  domain: Domain,
  values: Values,
  services: Services,
  givenId?: string,
): Promise<string> {
  const columns = columnsOf(resource, values, services.secrets);
  const { name, key, inDomain } = resource.table;
  const id = givenId ?? uuid7();
  if (key === 'pulp_id') columns.set('pulp_id', sql`${id}`);
  if (inDomain) columns.set('domain_id', sql`${domain.id}`);
  if (resource.model.pulpType) columns.set('pulp_type', sql`${resource.model.pulpType}`);
  const made = await insertInto(tx, name, key, columns);
  await resource.afterSave?.(tx, made, values, services, true);
  return made;
}

/** Updates the given values of a row. Returns false when it is gone. */
export async function updateRow(
  tx: Transaction,
  resource: Resource,
  domain: Domain,
  id: string,
  values: Values,
  services: Services,
): Promise<boolean> {
  const columns = columnsOf(resource, values, services.secrets);
  if (!(await updateRowOf(tx, placeOf(resource, domain, id), columns))) return false;
  await resource.afterSave?.(tx, id, values, services, false);
  return true;
}

/** Deletes a row with what hangs on it and returns it; undefined when it is gone. */
export async function deleteRow(
  tx: Transaction,
  resource: Resource,
  domain: Domain,
  id: string,
  services: Services,
): Promise<Row | undefined> {
  const place = placeOf(resource, domain, id);
  const row = await lockRow<Row>(tx, place);
  if (!row) return undefined;
  await resource.beforeDelete?.(tx, row, services);
  await deleteRowOf(tx, place);
  return row;
}

/** Whether every value is what the row has already; secrets count as changed, so that nobody can guess them. */
export function isUnchanged(resource: Resource, row: Row, values: Values): boolean {
  return Object.entries(values).every(([name, value]) => {
    const field = resource.fields[name];
    if (!field) return true;
    if (field.secret) return false;
    if (field.column === false) return false;
    return same(storedValue(name, field, row), value);
  });
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return (a ?? null) === (b ?? null);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every(
    (key) => Object.hasOwn(a, key) && Object.hasOwn(b, key) && same((a as Values)[key], (b as Values)[key]),
  );
}

interface ConstraintError {
  readonly code?: string;
  readonly constraint?: string;
}

/** A violated constraint as the 400 it means, or the error itself. */
export function translateConstraint(resource: Resource, values: Values, error: unknown): unknown {
  const { code, constraint } = error as ConstraintError;
  if (code !== '23505' && code !== '23P01') return error;
  const rule = resource.unique?.find((unique) => unique.constraint === constraint);
  return rule ? new ValidationError(rule.body(values)) : error;
}

/** Bytes of a text that an entry of an index has room for, whatever else is in the entry. */
const MOST_INDEXED = 2048;

/** Refuses values of unique fields that their index has no room for. */
export function refuseTooLong({ unique = [] }: Resource, values: Values): void {
  const long = unique
    .flatMap((rule) => rule.fields)
    .filter((name) => typeof values[name] === 'string' && Buffer.byteLength(values[name]) > MOST_INDEXED);
  if (long.length === 0) return;
  const message = `Ensure this field has no more than ${MOST_INDEXED} bytes.`;
  throw new ValidationError(Object.fromEntries(long.map((name) => [name, [message]])));
}

/** Refuses values that another row has already, before a task is made of them. */
export async function checkUnique(
  resource: Resource,
  domain: Domain,
  values: Values,
  services: Services,
  ownId?: string,
): Promise<void> {
  const body = await takenBody(resource, domain, values, services, ownId);
  if (body) throw new ValidationError(body);
}

/** What is told of the first rule by which another row has these values already. */
export async function takenBody(
  resource: Resource,
  domain: Domain,
  values: Values,
  services: Services,
  ownId?: string,
): Promise<ErrorBody | undefined> {
  for (const rule of resource.unique ?? []) {
    const complete = rule.fields.every((field) => values[field] !== undefined && values[field] !== null);
    if (rule.fields.length === 0 || !complete) continue;
    const conditions = rule.fields.map((field) => {
      const column = resource.fields[field]?.column;
      return sql`${sql.ident(typeof column === 'string' ? column : field)} = ${values[field]}`;
    });
    if (resource.table.inDomain) conditions.push(sql`domain_id = ${domain.id}`);
    if (ownId !== undefined) conditions.push(sql`${sql.ident(resource.table.key)} <> ${ownId}`);
    const taken = await services.db.row(
      sql`select 1 from ${sql.ident(resource.table.name)} where ${sql.and(conditions)}`,
    );
    if (taken) return rule.body(values) as ErrorBody;
  }
  return undefined;
}
