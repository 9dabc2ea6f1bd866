/** Makes a new version of a repository: changes are gathered unseen, checked, and become visible in one transaction. */
import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { SavedUnit } from '../../../model/content/content.ts';
import { refreshStatistics } from '../../../model/refresh-statistics.ts';
import {
  addContent,
  addNewContent,
  countVersion,
  removeContent,
  removeWhere,
  startFrom,
} from '../../../model/repositories/membership.ts';
import { trimVersions } from '../../../model/repositories/protected-versions.ts';
import { announceRepositoryChange } from '../../../model/repositories/repository.ts';
import {
  beginVersion,
  completeVersion,
  dropVersion,
  latestVersion,
  type VersionRow,
} from '../../../model/repositories/repository-version.ts';
import type { RepositoryType } from '../../../plugin-api/contracts/repository.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { Repository, Version } from '../../../plugin-api/contracts/version.ts';
import { prn } from '../../../plugin-api/declare/model.ts';
import { checkPaths } from './check-paths.ts';
import { type Additions, replaceDuplicates } from './replace-duplicates.ts';
import type { VersionEngine } from './version-context.ts';

/** A version in the making. Sets of any size: they are written in batches. */
export interface NewVersion extends Version {
  /** Each answers how many units it has changed. */
  add(contentIds: readonly number[]): Promise<number>;
  remove(contentIds: readonly number[]): Promise<number>;
  removeAll(): Promise<number>;
  /** Adds units saved in a transaction of the caller, which must be one of `context.write`. */
  addIn(tx: Transaction, units: readonly SavedUnit[]): Promise<number>;
}

const BATCH = 20_000;

/**
 * The task must hold the repository exclusively. Answers the version, or null when it would equal the one before. When the work or a
 * check fails, nothing is left.
 */
export async function withNewVersion(
  context: TaskContext,
  engine: VersionEngine,
  repository: Repository,
  work: (version: NewVersion) => Promise<void>,
  base?: VersionRow | null,
): Promise<Version | null> {
  const type = engine.types.repositoryType(repository.pulpType);
  const before = await latestVersion(context.db, repository.id);
  const row = await begin(context, before, base);
  try {
    await work(newVersion(context, row));
    context.signal.throwIfAborted();
    await refreshStatistics(context.db, detailTables(type));
    const made = await context.write((tx) =>
      complete(
        context,
        tx,
        type,
        repository,
        { version: row, base: base ?? before, onLatest: !base || base.id === before.id },
        before,
        engine,
      ),
    );
    if (!made) return null;
  } catch (error) {
    // Refused when the lease is gone; then whoever took the task over removes the version.
    await context.write((tx) => dropVersion(tx, row)).catch(() => {});
    throw error;
  }
  await retain(context, repository, type);
  await autopublish(context, engine, repository, type, row);
  return row;
}

async function begin(context: TaskContext, before: Version, base: Version | null | undefined): Promise<VersionRow> {
  return await context.write(async (tx) => {
    const version = await beginVersion(tx, before.repositoryId, base?.pulpId ?? null);
    if (base && base.id !== before.id) await startFrom(tx, version, base);
    return version;
  });
}

function newVersion(context: TaskContext, row: VersionRow): NewVersion {
  const inBatches = async (ids: readonly number[], work: typeof addContent) => {
    let changed = 0;
    for (let at = 0; at < ids.length; at += BATCH) {
      changed += await context.write((tx) => work(tx, row, ids.slice(at, at + BATCH)));
    }
    return changed;
  };
  return {
    ...row,
    add: (ids) => inBatches(ids, addContent),
    remove: (ids) => inBatches(ids, removeContent),
    removeAll: () => context.write((tx) => removeWhere(tx, row, sql.raw('true'))),
    addIn: (tx, units) => addSaved(tx, row, units),
  };
}

async function addSaved(tx: Transaction, row: VersionRow, units: readonly SavedUnit[]): Promise<number> {
  const ids = (existed: boolean) => [
    ...new Set(units.filter((unit) => unit.existed === existed).map((unit) => unit.id)),
  ];
  return (await addNewContent(tx, row, ids(false))) + (await addContent(tx, row, ids(true)));
}

/** Checks and completes; false when there was no change, then the version is gone again. */
async function complete(
  context: TaskContext,
  tx: Transaction,
  type: RepositoryType,
  repository: Repository,
  additions: Additions,
  before: VersionRow,
  engine: VersionEngine,
): Promise<boolean> {
  const { version } = additions;
  const changes = await countVersion(tx, version, before.counts);
  checkTypes(type, Object.keys(changes.added));
  await type.check?.(tx, version, repository, context);
  await replaceDuplicates(tx, type, additions, changes.added);
  await type.finalize?.(tx, version, repository, context);
  if (type.checkPaths !== false) await checkPaths(tx, type, version, changes.added);
  const counts = await countVersion(tx, version, before.counts);
  if (isEmpty(counts.added) && isEmpty(counts.removed)) {
    await dropVersion(tx, version);
    return false;
  }
  await completeVersion(tx, version, counts);
  engine.completed?.(counts);
  await announceRepositoryChange(tx, repository.pulpId);
  context.created(prn('core.repositoryversion', version.pulpId));
  return true;
}

export function detailTables({ contentTypes }: RepositoryType): string[] {
  return contentTypes.map((content) => content.table);
}

function isEmpty(counts: object): boolean {
  return Object.keys(counts).length === 0;
}

function checkTypes(type: RepositoryType, added: readonly string[]): void {
  const other = added.filter((name) => !type.contentTypes.some((one) => one.pulpType === name));
  if (other.length > 0)
    throw new Error(`A repository of type ${type.pulpType} cannot hold content of type ${other.join(', ')}.`);
}

async function retain(context: TaskContext, repository: Repository, type: RepositoryType): Promise<void> {
  const row = await context.db.row<{ keep: number | null }>(
    sql`select retain_repo_versions as keep from repository where id = ${repository.id}`,
  );
  const keep = row?.keep;
  if (keep) await context.write((tx) => trimVersions(tx, repository.id, keep, type.servesPublications));
}

async function autopublish(
  context: TaskContext,
  engine: VersionEngine,
  repository: Repository,
  type: RepositoryType,
  version: Version,
): Promise<void> {
  const values = type.publicationType === undefined ? undefined : type.autopublish?.(repository);
  if (values) await engine.publish(context, { version, repository, type: type.publicationType!, values });
}
