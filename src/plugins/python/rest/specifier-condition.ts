/** Turns version specifiers into a condition on packages: PostgreSQL does not know the order of Python's versions. */
import { type Queryable, type Sql, sql } from '../../../plugin-api/index.ts';
import { allowsVersion, type SpecifierSet } from '../formats/specifier.ts';
import { parseVersion } from '../formats/version.ts';

/** Distinct versions are far fewer than packages; those that fit are looked up. Prereleases count. */
export async function specifierCondition(db: Queryable, specifiers: SpecifierSet): Promise<Sql> {
  if (specifiers.clauses.length === 0) return sql.raw('true');
  const rows = await db.rows<{ version: string }>(sql`select distinct version from python_package`);
  const fitting = rows.map((row) => row.version).filter((text) => fits(text, specifiers));
  return sql`d.version = any(${fitting}::text[])`;
}

function fits(text: string, specifiers: SpecifierSet): boolean {
  const version = parseVersion(text);
  return version !== undefined && allowsVersion(specifiers, version, true);
}
