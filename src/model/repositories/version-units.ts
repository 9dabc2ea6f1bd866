/** The units of a version with the places of their bytes, streamed in batches: newest first, or in an order of their values. */
import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { DIGEST_NAMES, type DigestName } from '../../lib/crypto/digest.ts';
import type { ContentTable } from '../content/natural-key.ts';
import { inVersion, type VersionPlace } from './membership.ts';

/** Bytes of a unit. Size and digests are those of the artifact, or of the first source upstream that has them. */
export interface VersionArtifact {
  readonly contentArtifactId: number;
  readonly relativePath: string;
  readonly size: number | null;
  /** Hex digests that are known, of those asked for. */
  readonly digests: Readonly<Record<string, string>>;
}

export interface VersionUnit {
  readonly contentId: number;
  /** Values of the type's table, of the columns asked for. */
  readonly values: Readonly<Record<string, unknown>>;
  /** By their ids; empty where they were not asked for. */
  readonly artifacts: readonly VersionArtifact[];
}

export interface UnitsOptions {
  /**
   * Columns, or expressions over `d` (the row of the type), that units are ordered by; ties in the order of ids. Without it newest
   * first.
   */
  readonly order?: readonly (string | Sql)[];
  /** Condition on `d` and on `rc`, the row of repository_content. */
  readonly where?: Sql;
  /** Columns that are read; all by default. */
  readonly columns?: readonly string[];
  /** Digests of the bytes that are wanted; all by default. */
  readonly digests?: readonly DigestName[];
  /** false: where their bytes are is not read. */
  readonly artifacts?: boolean;
  /** Units read at once, of which two lots are in memory: fewer where units are large. */
  readonly batch?: number;
}

const BATCH = 10_000;

/** The next batch is read while the caller works on one. Units never change, and a complete version keeps those it has. */
export async function* versionUnits(
  db: Queryable,
  version: VersionPlace,
  type: ContentTable,
  options: UnitsOptions = {},
): AsyncGenerator<readonly VersionUnit[]> {
  const reader = new UnitReader(db, version, type, options);
  const batches = options.order ? reader.ordered(options.order) : reader.newestFirst();
  const read = () => {
    const next = batches.next();
    // When the caller stops early, nobody waits for the batch that is being read.
    next.catch(() => {});
    return next;
  };
  for (let next = read(); ; ) {
    const { value, done } = await next;
    if (done) return;
    next = read();
    yield value;
  }
}

interface UnitRow extends Record<string, unknown> {
  readonly content_id: number;
  readonly content_artifact_id: number | null;
  readonly artifact_path: string | null;
  readonly artifact_size: number | null;
}

class UnitReader {
  readonly #db: Queryable;
  readonly #table: Sql;
  readonly #members: Sql;
  readonly #columns: readonly string[];
  readonly #digests: readonly DigestName[];
  readonly #artifacts: boolean;
  readonly #batch: number;

  constructor(db: Queryable, version: VersionPlace, type: ContentTable, options: UnitsOptions) {
    const { where, columns, digests = DIGEST_NAMES, artifacts = true, batch = BATCH } = options;
    this.#db = db;
    this.#table = sql.ident(type.table);
    this.#members = where ? sql`${inVersion(version)} and (${where})` : inVersion(version);
    this.#columns = columns ?? type.columns.map(({ name }) => name);
    this.#digests = digests;
    this.#artifacts = artifacts;
    this.#batch = batch;
  }

  /** The memberships of a repository lie in the order of content ids in the primary key: each batch is a range of it. */
  async *newestFirst(): AsyncGenerator<VersionUnit[]> {
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const units = await this.#read(sql`
        select ${this.#values()}, -rc.content_id as place from repository_content rc join ${this.#table} d on d.content_id = rc.content_id
          where ${this.#members} and rc.content_id < ${before} order by rc.content_id desc limit ${this.#batch}`);
      if (units.length === 0) return;
      yield units;
      before = units.at(-1)!.contentId;
    }
  }

  /**
   * Ids are sorted once, eight bytes a unit, and units looked up by them. Paging by values would sort the version again for each batch:
   * an index by them holds the units of all repositories.
   */
  async *ordered(order: readonly (string | Sql)[]): AsyncGenerator<VersionUnit[]> {
    const by = sql.join(order.map((one) => (typeof one === 'string' ? sql.ident('d', one) : one)));
    const groups = await this.#db.rows<{ ids: number[] }>(sql`
      select array_agg(content_id order by place) as ids from (
        select content_id, place, (place - 1) / ${this.#batch}::integer as lot from (
          select rc.content_id, row_number() over (order by ${by}, rc.content_id) as place
            from repository_content rc join ${this.#table} d on d.content_id = rc.content_id
            where ${this.#members}) as placed) as lots
        group by lot order by lot`);
    for (const { ids } of groups) {
      yield await this.#read(sql`
        select ${this.#values()}, given.place from unnest(${ids}::bigint[]) with ordinality as given (content_id, place)
          cross join lateral (select * from ${this.#table} d where d.content_id = given.content_id offset 0) d
          order by given.place`);
    }
  }

  #values(): Sql {
    return sql.join(['content_id', ...this.#columns].map((name) => sql.ident('d', name)));
  }

  /** `units` selects content_id and columns in the order of `place`. */
  async #read(units: Sql): Promise<VersionUnit[]> {
    const rows = await this.#db.rows<UnitRow>(this.#artifacts ? this.#withArtifacts(units) : units);
    const read: (VersionUnit & { artifacts: VersionArtifact[] })[] = [];
    for (const row of rows) {
      let unit = read.at(-1);
      if (unit?.contentId !== row.content_id) {
        unit = { contentId: row.content_id, values: this.#valuesOf(row), artifacts: [] };
        read.push(unit);
      }
      if (this.#artifacts && row.content_artifact_id !== null) unit.artifacts.push(this.#artifactOf(row));
    }
    return read;
  }

  #withArtifacts(units: Sql): Sql {
    const bytes = this.#digests.map((name) =>
      sql.raw(`encode(coalesce(a.${name}, ra.${name}), 'hex') as artifact_${name}`),
    );
    const columns = this.#columns.map((name) => sql.ident('unit', name));
    return sql`
      with unit as materialized (${units}) select ${sql.join([
        ...columns,
        sql.raw('unit.content_id, ca.id as content_artifact_id, ca.relative_path as artifact_path'),
        sql.raw('coalesce(a.size, ra.size) as artifact_size'),
        ...bytes,
      ])}
        from unit left join content_artifact ca on ca.content_id = unit.content_id
          left join artifact a on a.id = ca.artifact_id
          left join lateral (select * from remote_artifact ra where ca.artifact_id is null and ra.content_artifact_id = ca.id
            order by ra.remote_id limit 1) ra on true
        order by unit.place, ca.id`;
  }

  #valuesOf(row: UnitRow): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const name of this.#columns) values[name] = row[name];
    return values;
  }

  #artifactOf(row: UnitRow): VersionArtifact {
    const digests: Record<string, string> = {};
    for (const name of this.#digests) {
      const digest = row[`artifact_${name}`];
      if (typeof digest === 'string') digests[name] = digest;
    }
    const { content_artifact_id: id, artifact_path: path, artifact_size: size } = row;
    return { contentArtifactId: id!, relativePath: path!, size, digests };
  }
}
