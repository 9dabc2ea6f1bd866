/** The pages above distributions: the next components of their base paths (core.md §5.4). */
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { htmlListing } from '../../lib/http/html-listing.ts';

interface Component {
  name: string;
  visible: boolean;
}

interface DistributionListing {
  readonly domain: string;
  /** Leading part of base paths: empty, or with a slash at its end. */
  readonly path: string;
  /** Prefix of all content URLs of the domain, the title of the topmost page. */
  readonly root: string;
  readonly hideGuarded: boolean;
}

/** Undefined when no base path begins so; a page without lines when all that do are hidden. */
export async function listDistributions(db: Queryable, listing: DistributionListing): Promise<string | undefined> {
  const { domain, path, root, hideGuarded } = listing;
  const below = sql`m.id::text || '/' || ${path}`;
  // Spans below a path overlap the span of the path; for the domain itself that is everything from its id on.
  const rows =
    await db.rows<Component>(sql`select split_part(substr(d.base_path, length(${path}::text) + 1), '/', 1) as name,
      bool_or(not d.hidden and (d.content_guard_id is null or not (${hideGuarded} or m.hide_guarded_distributions))) as visible
    from domain m join distribution d on d.path_span && path_range(${below}, rtrim(${below}, '/') || '0')
    where m.name = ${domain} group by 1`);
  if (rows.length === 0 && !(path === '' && (await exists(db, domain)))) return undefined;
  const entries = rows.filter((row) => row.visible).map((row) => ({ name: `${row.name}/` }));
  return path === '' ? htmlListing(root, entries, { parent: false }) : htmlListing(path, entries);
}

/** Whether a path without a slash at its end has distributions below it. */
export async function leadsToDistributions(db: Queryable, domain: string, path: string): Promise<boolean> {
  const row = await db.row(sql`select 1 from domain m join distribution d
      on d.path_span && path_range(m.id::text || '/' || ${path} || '/', m.id::text || '/' || ${path} || '0')
    where m.name = ${domain} limit 1`);
  return row !== undefined;
}

async function exists(db: Queryable, domain: string): Promise<boolean> {
  return (await db.row(sql`select 1 from domain where name = ${domain}`)) !== undefined;
}
