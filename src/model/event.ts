/** The log of events: numbering them in the order of commits, reading and removing them (0011-events.sql). */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';

export interface EventRow {
  readonly position: number;
  readonly happened_at: string;
  /** Null for what concerns the whole server. */
  readonly domain_id: number | null;
  /** `task.completed`, `distribution.updated` … */
  readonly kind: string;
  /** Table of the subject. */
  readonly master: string;
  readonly pulp_type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface EventClock {
  /** Position of the last event. */
  readonly last: number;
  /** Everything up to this position was removed because of its age. */
  readonly removed: number;
}

export interface EventFilter {
  /** Null: all domains. */
  readonly domainId: number | null;
  /** Also what concerns the whole server. */
  readonly serverWide: boolean;
  /** Names, or beginnings with a star at their end; none: all. */
  readonly kinds: readonly string[];
}

/** Events numbered in one go: a long backlog is taken in pieces. */
const AT_ONCE = 5000;

/** Gives positions to what was committed; afterwards everything up to the answered position can be read. */
export async function numberEvents(db: Queryable): Promise<number> {
  return (await db.row<{ last: number }>(sql`select number_events(${AT_ONCE}) as last`))!.last;
}

export async function eventClock(db: Queryable): Promise<EventClock> {
  return (await db.row<EventClock>(sql`select last, removed from event_clock`))!;
}

/** The next events after a position and up to another that a filter lets through, in their order. */
export async function readEvents(
  db: Queryable,
  [after, upto]: readonly [number, number],
  filter: EventFilter,
  limit: number,
): Promise<EventRow[]> {
  const patterns = filter.kinds.map(likePattern);
  return db.rows<EventRow>(sql`
    select position, happened_at, domain_id, kind, master, pulp_type, subject, data from event
      where position > ${after} and position <= ${upto}
        and (${filter.domainId}::integer is null or domain_id = ${filter.domainId} or domain_id is null and ${filter.serverWide})
        and (domain_id is not null or ${filter.serverWide})
        and (${patterns.length === 0} or kind like any (${patterns}::text[]))
      order by position limit ${limit}`);
}

function likePattern(kind: string): string {
  const escaped = kind.replace(/[\\%_]/g, '\\$&');
  return escaped.endsWith('*') ? `${escaped.slice(0, -1)}%` : escaped;
}

/** Removes events older than so many hours. */
export async function removeOldEvents(db: Queryable, hours: number): Promise<void> {
  await db.run(sql`select remove_old_events(make_interval(hours => ${hours}::integer))`);
}
