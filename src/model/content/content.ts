/** Units of content found by natural key and made in bulk: content, its detail table, and where its bytes are. */
import { type CopyValue, copyRows } from '../../db/copy-rows.ts';
import type { Queryable, Transaction } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { uuid7Batch } from '../../lib/text/uuid7.ts';
import { insertContentArtifacts, linkContentArtifacts } from './content-artifact.ts';
import { byteaText } from './digest-columns.ts';
import { levelsOf, nameValue } from './named-units.ts';
import { takeIds } from './take-ids.ts';
import type { SavedUnit, Unit } from './unit.ts';

export type { SavedUnit, Unit } from './unit.ts';

/**
 * Sets id, pulpId and existed of the units that are in the domain, and of those they name. The type is compared as an expression,
 * which no index has: in a database without statistics the planner would take the index by type and read all units of it.
 * database without statistics the planner would take the index by type and read all units of it.
 */
export async function findContent(db: Queryable, domainId: number, units: readonly Unit[]): Promise<void> {
  const { levels, share } = levelsOf(units);
  await findUnits(
    db,
    domainId,
    levels.flat().filter((unit) => !unit.fixed),
  );
  share();
}

async function findUnits(db: Queryable, domainId: number, units: readonly Unit[]): Promise<void> {
  for (const [pulpType, group] of byType(units)) {
    const rows = await db.rows<{ id: number; pulp_id: string; key: string }>(sql`
      select id, pulp_id, encode(natural_key, 'hex') as key from content
        where natural_key = any(${group.map((unit) => byteaText(unit.key))}::bytea[])
          and pulp_type || '' = ${pulpType} and domain_id = ${domainId}`);
    if (rows.length === 0) continue;
    const byKey = new Map(rows.map((row) => [row.key, row]));
    for (const unit of group) {
      const row = byKey.get(unit.key);
      if (row) Object.assign(unit, { id: row.id, pulpId: row.pulp_id, existed: true });
    }
  }
}

/**
 * Makes the units that do not exist and completes those that do: bytes that are here now, and where upstream has them.
 * Units with the same key become one, and those that are named are saved first. Afterwards every unit is held against removal until the
 * transaction ends.
 */
export async function saveContent(
  tx: Transaction,
  domainId: number,
  units: readonly Unit[],
): Promise<readonly SavedUnit[]> {
  const { levels, share } = levelsOf(units);
  for (const level of levels) {
    await saveLevel(tx, domainId, level);
    share();
  }
  return units as readonly SavedUnit[];
}

async function saveLevel(tx: Transaction, domainId: number, units: readonly Unit[]): Promise<void> {
  for (const group of byType(units).values()) {
    let fresh = distinct(group.filter((unit) => unit.id === undefined));
    let known = await hold(
      tx,
      group.filter((unit) => unit.id !== undefined),
    );
    fresh = [...fresh, ...known.lost];
    while (fresh.length > 0) {
      await insertUnits(tx, domainId, fresh);
      const beaten = fresh.filter((unit) => unit.id === undefined);
      if (beaten.length === 0) break;
      // Another transaction made these; it has been waited for, so they are there unless they were removed again.
      await findUnits(tx, domainId, beaten);
      const found = await hold(
        tx,
        beaten.filter((unit) => unit.id !== undefined),
      );
      known = { held: [...known.held, ...found.held], lost: [] };
      fresh = beaten.filter((unit) => unit.id === undefined);
    }
    await linkContentArtifacts(tx, known.held);
    shareIds(group);
  }
}

/** Units by pulp_type, types and units in one order for everybody, so that overlapping transactions cannot deadlock. */
function byType(units: readonly Unit[]): Map<string, Unit[]> {
  const groups = new Map<string, Unit[]>();
  for (const unit of units) {
    const group = groups.get(unit.type.pulpType);
    if (group) group.push(unit);
    else groups.set(unit.type.pulpType, [unit]);
  }
  return new Map([...groups].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function distinct(units: readonly Unit[]): Unit[] {
  return [...new Map(units.map((unit) => [unit.key, unit])).values()];
}

/** A unit that was given twice is made once: both get its id. */
function shareIds(units: readonly Unit[]): void {
  const saved = new Map<string, Unit>();
  for (const unit of units) if (unit.id !== undefined) saved.set(unit.key, unit);
  for (const unit of units) {
    if (unit.id === undefined) {
      const { id, pulpId, existed } = saved.get(unit.key)!;
      Object.assign(unit, { id, pulpId, existed });
    }
  }
}

/** Keeps found units from being removed until the transaction ends; those that are gone lose their id. */
async function hold(tx: Transaction, units: readonly Unit[]): Promise<{ held: Unit[]; lost: Unit[] }> {
  if (units.length === 0) return { held: [], lost: [] };
  const rows = await tx.rows<{ id: number }>(sql`
    select id from content where id = any(${units.map((unit) => unit.id)}::bigint[]) order by id for key share`);
  const there = new Set(rows.map((row) => row.id));
  const lost = units.filter((unit) => !there.has(unit.id!));
  for (const unit of lost) {
    if (unit.fixed) throw new Error(`The unit ${unit.pulpId}, which others are to name, has been removed`);
    delete unit.id;
    delete unit.existed;
  }
  return { held: units.filter((unit) => unit.id !== undefined), lost };
}

/** Inserts units in the order of their keys, with ids in the order they were given, which is that of upstream. */
async function insertUnits(tx: Transaction, domainId: number, units: readonly Unit[]): Promise<void> {
  const { pulpType } = units[0]!.type;
  const ids = await takeIds(tx, 'content', units.length);
  const pulpIds = uuid7Batch(units.length);
  const order = [...units.keys()].sort((a, b) => (units[a]!.key < units[b]!.key ? -1 : 1));
  const inserted = await tx.rows<{ id: number }>(sql`
    insert into content (id, pulp_id, domain_id, pulp_type, natural_key, pulp_labels)
      select id, pulp_id, ${domainId}::integer, ${pulpType}::text, key, coalesce(labels::jsonb, '{}')
        from unnest(${order.map((at) => ids[at])}::bigint[], ${order.map((at) => pulpIds[at])}::uuid[],
          ${order.map((at) => byteaText(units[at]!.key))}::bytea[],
          ${order.map((at) => labelsText(units[at]!))}::text[]) as given (id, pulp_id, key, labels)
      on conflict (natural_key, pulp_type, domain_id) do nothing returning id`);
  const made = inserted.length === units.length ? undefined : new Set(inserted.map((row) => row.id));
  const saved: Unit[] = [];
  units.forEach((unit, at) => {
    if (made && !made.has(ids[at]!)) return;
    Object.assign(unit, { id: ids[at], pulpId: pulpIds[at], existed: false });
    saved.push(unit);
  });
  await insertDetails(tx, saved);
  await insertContentArtifacts(tx, saved);
}

function labelsText(unit: Unit): string | null {
  return unit.labels && Object.keys(unit.labels).length > 0 ? JSON.stringify(unit.labels) : null;
}

async function insertDetails(tx: Transaction, units: readonly Unit[]): Promise<void> {
  if (units.length === 0) return;
  const { table, columns } = units[0]!.type;
  const read = columns.map(({ name, type, names }) => {
    const isJson = type === 'json' || type === 'jsonb';
    return (unit: Unit): CopyValue => {
      const value = names ? nameValue(names, unit.values[name]) : unit.values[name];
      return isJson && value !== null && value !== undefined ? JSON.stringify(value) : (value as CopyValue);
    };
  });
  const rows = units.values().map((unit) => [unit.id as CopyValue, ...read.map((one) => one(unit))]);
  await copyRows(tx, table, ['content_id', ...columns.map((column) => column.name)], rows);
}

/** Renews the time that orphan protection measures, at most hourly for each unit. */
export async function touchContent(db: Queryable, ids: readonly number[]): Promise<void> {
  await db.run(sql`
    update content set timestamp_of_interest = now() where id in (
      select id from content where id = any(${ids}::bigint[]) and timestamp_of_interest < now() - interval '1 hour'
        order by id for no key update skip locked)`);
}

/** The units with these ids on the wire. */
export async function contentByPulpIds(
  db: Queryable,
  domainId: number,
  pulpIds: readonly string[],
): Promise<{ id: number; pulpId: string; pulpType: string }[]> {
  return await db.rows(sql`
    select id, pulp_id as "pulpId", pulp_type as "pulpType" from content
      where pulp_id = any(${pulpIds}::uuid[]) and domain_id = ${domainId}`);
}
