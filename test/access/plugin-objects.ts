/** An object of every type that a package type declares, made from the declarations alone: a new package type needs no words here. */
import { createHash } from 'node:crypto';
import { type Sql, sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import type { Plugin } from '../../src/plugin-api/contracts/plugin.ts';
import type { ContentType } from '../../src/plugin-api/declare/content.ts';
import type { DeclaredPublication } from '../../src/plugin-api/declare/publication-type.ts';
import { type Field, isRequired, type Values } from '../../src/plugin-api/index.ts';
import type { TestApi } from '../support/api.ts';
import { idOf, made } from './world.ts';

/** A remote, a repository, a distribution and a publication of each type, and a unit of each type of content. */
export async function makePluginObjects(api: TestApi, plugin: Plugin, suffix: string): Promise<void> {
  const name = `${plugin.name}-${suffix}`;
  const make = async (type: { model: { path: string; name: string }; fields?: Fields }, values: Values) =>
    await made(api, `${type.model.path}/`, {
      name: `${type.model.name}-${suffix}`,
      ...required(type.fields),
      ...values,
    });
  for (const type of plugin.remotes) await make(type, { url: 'http://127.0.0.1:1/' });
  const repositories: string[] = [];
  for (const type of plugin.repositories) repositories.push(await make(type, {}));
  for (const [at, type] of plugin.distributions.entries()) await make(type, { base_path: `${name}-${at}` });
  for (const repository of repositories) await insertVersion(api, repository);
  const [repository] = repositories;
  if (repository === undefined) return;
  for (const type of plugin.publications) await insertPublication(api, type, repository);
  for (const type of plugin.contentTypes) await insertUnit(api, type, repository, suffix);
}

type Fields = Readonly<Record<string, Field>>;

/** A value for each field that a request has to have. */
function required(fields: Fields = {}): Values {
  const needed = Object.entries(fields).filter(([, field]) => isRequired(field));
  return Object.fromEntries(needed.map(([name, field]) => [name, sample(field)]));
}

function sample({ kind, choices, items }: Field): unknown {
  if (kind === 'choice') return choices![0];
  if (kind === 'list') return [sample(items!)];
  if (kind === 'integer' || kind === 'number') return 1;
  if (kind === 'boolean') return false;
  return kind === 'string' ? 'x' : {};
}

/** As its task would have made it, of the first version. */
async function insertPublication(api: TestApi, { pulpType }: DeclaredPublication, repository: string): Promise<void> {
  await api.db.run(sql`insert into publication (pulp_id, domain_id, pulp_type, repository_version_id, complete)
    select ${uuid7()}, r.domain_id, ${pulpType}, v.pulp_id, true
      from repository r join repository_version v on v.repository_id = r.id where r.pulp_id = ${idOf(repository)} limit 1`);
}

/** A version beside the first, so that either can be deleted. */
async function insertVersion(api: TestApi, repository: string): Promise<void> {
  await api.db.run(sql`with version as (
      insert into repository_version (pulp_id, repository_id, number, complete)
        select ${uuid7()}, id, next_version, true from repository where pulp_id = ${idOf(repository)})
    update repository set next_version = next_version + 1 where pulp_id = ${idOf(repository)}`);
}

/** Values by the type of a column; texts are those of one world alone, as units may name others by them. */
const LITERALS: Readonly<Record<string, string>> = {
  bigint: '1',
  integer: '1',
  boolean: 'false',
  jsonb: "'{}'",
  'text[]': "'{}'",
  timestamptz: 'now()',
};

async function insertUnit(api: TestApi, type: ContentType, repository: string, suffix: string): Promise<void> {
  const id = uuid7();
  const key = createHash('sha256').update(`${type.pulpType} ${suffix}`).digest();
  const columns = type.columns.map((column) => sql.ident(column.name));
  const values: Sql[] = type.columns.map(({ type: kind }) =>
    kind === 'text' ? sql`${`x-${suffix}`}` : sql.raw(LITERALS[kind] ?? 'null'),
  );
  await api.db.run(sql`insert into content (pulp_id, domain_id, pulp_type, natural_key)
    select ${id}, domain_id, ${type.pulpType}, ${key} from repository where pulp_id = ${idOf(repository)}`);
  await api.db.run(sql`insert into ${sql.ident(type.table)} (content_id, ${sql.join(columns)})
    select id, ${sql.join(values)} from content where pulp_id = ${id}`);
  await api.db.run(sql`insert into repository_content (repository_id, content_id, version_added)
    select r.id, c.id, 1 from repository r, content c where r.pulp_id = ${idOf(repository)} and c.pulp_id = ${id}`);
}
