/** Reads the metadata of the packages of a repository anew, from their files or from upstream, and makes missing metadata files. */
import { mapConcurrent } from '../../lib/flow/map-concurrent.ts';
import {
  announceTypeChange,
  type ContentTask,
  type ContentTaskContext,
  type Downloader,
  inVersion,
  type Remote,
  type Row,
  sql,
  type Values,
  type Version,
} from '../../plugin-api/index.ts';
import { PackageError } from './formats/archives/package-error.ts';
import { type PackageFacts, readPackage } from './formats/archives/read-package.ts';
import { pythonPackage } from './rest/content.ts';
import { pythonDistribution } from './rest/distribution.ts';
import { REPAIR_TASK } from './rest/repository.ts';
import { UpstreamIndex } from './sync/upstream-index.ts';
import { packageLimits } from './uploads/package-limits.ts';
import { packageValues, syncedValues } from './uploads/package-values.ts';

const BATCH = 200;
const AT_ONCE = 4;

interface PackageRow extends Row {
  readonly content_id: number;
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly sha256: string;
  readonly size: number;
  /** SHA-256 of the artifact, if the bytes are here. */
  readonly artifact: string | null;
  /** Has an artifact for the metadata beside it. */
  readonly has_metadata: boolean;
  readonly remote_id: string | null;
}

export const repairTask: ContentTask = {
  name: REPAIR_TASK,
  run: (context, args: { repository: string }) => new Repair(context).run(args.repository),
};

class Repair {
  readonly #context: ContentTaskContext;
  readonly #upstream = new Map<string, { readonly index: UpstreamIndex; readonly downloader: Downloader } | null>();

  constructor(context: ContentTaskContext) {
    this.#context = context;
  }

  async run(repositoryId: string): Promise<void> {
    const { latest } = await this.#context.content.repository(repositoryId);
    const total = await this.#count(latest);
    const report = this.#context.progress({ message: "Repairing packages' metadata", code: 'repair.metadata', total });
    let hasChanged = false;
    try {
      for await (const rows of this.#batches(latest)) {
        for await (const changed of mapConcurrent(rows, AT_ONCE, (row) => this.#repairOne(row))) {
          hasChanged ||= changed;
          report.add(1);
        }
      }
      report.finish();
    } catch (error) {
      report.finish('failed');
      throw error;
    } finally {
      if (hasChanged) await this.#announce();
      for (const one of this.#upstream.values()) await one?.downloader.close();
    }
  }

  async #count(version: Version): Promise<number> {
    const row = await this.#context.db.row<{ count: number }>(sql`select count(*)::int as count
      from repository_content rc join python_package p on p.content_id = rc.content_id where ${inVersion(version)}`);
    return row!.count;
  }

  async *#batches(version: Version): AsyncGenerator<PackageRow[]> {
    for (let last = 0; ; ) {
      const rows =
        await this.#context.db.rows<PackageRow>(sql`select p.*, encode(a.sha256, 'hex') as artifact, ra.remote_id,
          exists (select from content_artifact m
          where m.content_id = p.content_id and m.relative_path = p.filename || '.metadata') as has_metadata
        from repository_content rc join python_package p on p.content_id = rc.content_id
        left join content_artifact ca on ca.content_id = p.content_id and ca.relative_path = p.filename
        left join artifact a on a.id = ca.artifact_id
        left join lateral (select remote_id from remote_artifact where content_artifact_id = ca.id order by id desc limit 1) ra on true
        where ${inVersion(version)} and p.content_id > ${last} order by p.content_id limit ${BATCH}`);
      if (rows.length === 0) return;
      yield rows;
      last = rows.at(-1)!.content_id;
    }
  }

  /** Whether something had to be changed. What can be read from nowhere stays as it is. */
  async #repairOne(row: PackageRow): Promise<boolean> {
    if (row.artifact) return await this.#fromFile(row, row.artifact);
    const values = await this.#fromUpstream(row);
    return values ? await this.#update(row, values) : false;
  }

  async #fromFile(row: PackageRow, sha256: string): Promise<boolean> {
    const facts = await this.#read(row, sha256);
    if (!facts) return false;
    const beside = facts.metadataFile ? await this.#metadataArtifact(row, facts.metadataFile) : null;
    const { filename, size } = row;
    const file = { filename, size, sha256: row.sha256, metadata_sha256: beside?.sha256 ?? null };
    const updated = await this.#update(row, packageValues(facts, file));
    return updated || (beside?.isNew ?? false);
  }

  async #read(row: PackageRow, sha256: string): Promise<PackageFacts | undefined> {
    const { content, logger } = this.#context;
    try {
      return await content.withFile(sha256, (path) => readPackage(path, row.filename, packageLimits(this.#context)));
    } catch (error) {
      if (!(error instanceof PackageError)) throw error;
      logger.warn({ err: error, filename: row.filename }, 'a package cannot be read');
      return undefined;
    }
  }

  /** METADATA of a wheel as an artifact of the unit, made where it is missing. */
  async #metadataArtifact(row: PackageRow, bytes: Buffer): Promise<{ sha256: string; isNew: boolean }> {
    const { content, domain, storage } = this.#context;
    const temp = await content.receive([bytes]);
    const sha256 = temp.digests.sha256;
    const path = `${row.filename}.metadata`;
    if (row.has_metadata && row.metadata_sha256 === sha256 && (await this.#hasBytes(row, path))) {
      await storage(domain).discard(temp);
      return { sha256, isNew: false };
    }
    const [artifactId] = await content.saveArtifacts([temp]);
    await content.putArtifact(row.content_id, path, artifactId!);
    return { sha256, isNew: true };
  }

  async #hasBytes(row: PackageRow, path: string): Promise<boolean> {
    const found = await this.#context.db.row(sql`select 1 as found from content_artifact
      where content_id = ${row.content_id} and relative_path = ${path} and artifact_id is not null`);
    return found !== undefined;
  }

  /** What upstream says of the release, if it has just this file. */
  async #fromUpstream(row: PackageRow): Promise<Values | undefined> {
    const upstream = row.remote_id ? await this.#open(row.remote_id) : null;
    const document = await upstream?.index.release(row.name, row.version).catch(() => undefined);
    const files = [...(document?.releases.values() ?? [])].flat();
    const file = files.find((one) => one.sha256 === row.sha256);
    if (!document || !file) return undefined;
    return syncedValues(
      document.info,
      row.version,
      { ...file, filename: row.filename },
      row.metadata_sha256 as string | null,
    );
  }

  async #open(remoteId: string) {
    const known = this.#upstream.get(remoteId);
    if (known !== undefined) return known;
    const remote: Remote | undefined = await this.#context.content.remote(remoteId);
    const downloader = remote && this.#context.downloader(remote.settings);
    const opened = downloader
      ? { downloader, index: new UpstreamIndex(downloader, remote.settings.url, this.#context.signal) }
      : null;
    this.#upstream.set(remoteId, opened);
    return opened;
  }

  async #update(row: PackageRow, values: Values): Promise<boolean> {
    const columns = pythonPackage.columns.map(({ name }) => name).filter((name) => name in values && name !== 'sha256');
    const changed = columns.filter((name) => (row[name] ?? null) !== (values[name] ?? null));
    if (changed.length === 0) return false;
    const sets = changed.map((name) => sql`${sql.ident(name)} = ${values[name]}`);
    await this.#context.write((tx) =>
      tx.run(sql`update python_package set ${sql.join(sets)} where content_id = ${row.content_id}`),
    );
    return true;
  }

  /** Pages that were made of the old values are made anew; other repositories may have the same packages. */
  async #announce(): Promise<void> {
    const { domain } = this.#context;
    await this.#context.write(async (tx) => {
      await tx.run(sql`insert into python_repair (domain_id, number) values (${domain.id}, 1)
        on conflict (domain_id) do update set number = python_repair.number + 1`);
      await announceTypeChange(tx, domain.id, pythonDistribution.pulpType);
    });
  }
}
