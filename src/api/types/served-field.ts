/** The field `served` of distributions: what exactly is served at this moment, for servers that replicate from here. */
import { type Sql, sql } from '../../db/sql.ts';
import { publicationServed, versionServed } from '../../model/repositories/served.ts';
import type { Presenter } from '../../plugin-api/contracts/context.ts';
import { type Field, json, type Row, type Values } from '../../plugin-api/declare/field.ts';
import { prn } from '../../plugin-api/declare/model.ts';

export interface ServedFieldOptions {
  /** The type serves publications. */
  readonly publishes: boolean;
  /** It also serves versions that have no publication: what counts is the version, whatever stands for it. */
  readonly live?: boolean;
  /** Fields kept in `details` that are told of the repository and the publication. */
  readonly repositoryFields?: readonly string[];
  readonly publicationFields?: readonly string[];
}

interface ServedRow {
  pulp_id: string;
  version: string;
  number: number;
  present: Record<string, number>;
  publication: string | null;
  publication_details: Values | null;
  repository: string;
  description: string | null;
  retain_repo_versions: number | null;
  retain_checkpoints: number | null;
  repository_details: Values;
}

/** All rows of an answer are looked up in one statement, so that they show one moment. */
export function servedField(options: ServedFieldOptions): Field {
  return json({
    readOnly: true,
    column: false,
    onRequest: true,
    load: async (rows, presenter) => {
      const found = await readServed(rows, presenter, options.live ? VERSIONED : servedBy(options.publishes));
      const byId = new Map(found.map((row) => [row.pulp_id, row]));
      return rows.map((row) => toWire(byId.get(String(row.pulp_id)), options));
    },
  });
}

/** What each of the distributions `d` of a query serves: publication, version and details of the publication, in one row or none. */
export function servedBy(publishing: boolean | readonly string[]): Sql {
  if (publishing === true) return PUBLISHED;
  if (publishing === false) return VERSIONED;
  return sql`select * from (${PUBLISHED}) p where d.pulp_type = any(${publishing})
    union all select * from (${VERSIONED}) v where d.pulp_type <> all(${publishing})`;
}

async function readServed(rows: readonly Row[], presenter: Presenter, served: Sql): Promise<ServedRow[]> {
  const ids = rows.map((row) => row.pulp_id);
  return await presenter.services.db.rows<ServedRow>(sql`
    select d.pulp_id, v.pulp_id as version, v.number, v.counts -> 'present' as present, s.publication,
      s.details as publication_details, r.name as repository, r.description, r.retain_repo_versions, r.retain_checkpoints,
      r.details as repository_details
    from distribution d
    cross join lateral (${served}) s
    join repository_version v on v.pulp_id = s.version
    join repository r on r.id = v.repository_id
    where d.pulp_id = any(${ids}::uuid[]) and not d.checkpoint`);
}

/** As the content app chooses it (core.md §5.3). */
const PUBLISHED = sql`select p.pulp_id as publication, p.repository_version_id as version, p.details from (${publicationServed()}) p`;
const VERSIONED = sql`select null::uuid as publication, v.pulp_id as version, null::jsonb as details from (${versionServed()}) v`;

function toWire(row: ServedRow | undefined, options: ServedFieldOptions): Values | null {
  if (!row) return null;
  return {
    version: prn('core.repositoryversion', row.version),
    number: row.number,
    content: row.present,
    publication: row.publication,
    publication_fields: row.publication_details && pick(row.publication_details, options.publicationFields),
    repository: {
      name: row.repository,
      description: row.description,
      retain_repo_versions: row.retain_repo_versions,
      retain_checkpoints: row.retain_checkpoints,
      ...pick(row.repository_details, options.repositoryFields),
    },
  };
}

function pick(details: Values, names: readonly string[] = []): Values {
  return Object.fromEntries(names.filter((name) => name in details).map((name) => [name, details[name]]));
}
