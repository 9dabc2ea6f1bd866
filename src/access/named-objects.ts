/** The object that a condition asks about instead of its own: named by the body, the parent in the path, or its own repository. */

import type { Queryable } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { labelOf, type Model, type Models } from '../plugin-api/declare/model.ts';
import { type ObjectKey, objectKey } from './grants.ts';

/** What an href or PRN names; for versions named by number, the id is the repository's. */
interface NamedObject {
  readonly model: Model;
  readonly id: string;
  readonly number?: number;
}

/** Reads hrefs and PRNs; undefined for what is none: the body's validation refuses it afterwards. */
export type NameReader = (text: string) => NamedObject | undefined;

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  remote_param: ['remote'],
  repo_or_repo_ver_param: ['repository', 'repository_version'],
  publication_param: ['publication'],
  upload_param: ['upload'],
};

export function bodyFields(source: string): readonly string[] | undefined {
  return FIELDS[source];
}

/** Objects that the fields of a body name; versions stand for their repositories. */
export async function objectsInBody(
  db: Queryable,
  models: Models,
  read: NameReader,
  body: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): Promise<ObjectKey[]> {
  const objects: ObjectKey[] = [];
  for (const field of fields) {
    const value = body[field];
    const named = typeof value === 'string' && value !== '' ? read(value) : undefined;
    const object = named && (await objectOf(db, models, named));
    if (object) objects.push(object);
  }
  return objects;
}

async function objectOf(db: Queryable, models: Models, named: NamedObject): Promise<ObjectKey | undefined> {
  if (named.model.table !== 'repository_version') return { label: labelOf(named.model), id: objectKey(named.id) };
  const condition =
    named.number === undefined
      ? sql`r.id = (select repository_id from repository_version where pulp_id = ${named.id})`
      : sql`r.pulp_id = ${named.id}`;
  return await repositoryWhere(db, models, condition);
}

async function repositoryWhere(db: Queryable, models: Models, condition: Sql): Promise<ObjectKey | undefined> {
  const row = await db.row<{ pulp_id: string; pulp_type: string }>(
    sql`select r.pulp_id, r.pulp_type from repository r where ${condition}`,
  );
  const model = row && models.byType('repository', row.pulp_type);
  return model && { label: labelOf(model), id: row.pulp_id };
}

const REPOSITORY_OF: Readonly<Record<string, (id: string) => Sql>> = {
  distribution: (id) => sql`r.pulp_id = (select repository_id from distribution where pulp_id = ${id})`,
  publication: (id) =>
    sql`r.id = (select v.repository_id from publication p
      join repository_version v on v.pulp_id = p.repository_version_id where p.pulp_id = ${id})`,
};

/** The repository an object names, if its kind has one. */
export async function repositoryOfObject(
  db: Queryable,
  models: Models,
  model: Model,
  id: string,
): Promise<ObjectKey | undefined> {
  const condition = REPOSITORY_OF[model.table];
  return condition && (await repositoryWhere(db, models, condition(id)));
}
