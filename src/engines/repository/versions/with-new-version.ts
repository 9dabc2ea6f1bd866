/** Makes a new version of a repository: changes are gathered unseen, checked, and become visible in one transaction. */
import type { Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { SavedUnit } from '../../../model/content/content.ts';
import { refreshStatistics } from '../../../model/refresh-statistics.ts';
import { removeWhere, startFrom } from '../../../model/repositories/membership.ts';
import { trimVersions } from '../../../model/repositories/protected-versions.ts';
import {
  beginVersion,
  dropVersion,
  latestVersion,
  type VersionRow,
} from '../../../model/repositories/repository-version.ts';
import type { RepositoryType } from '../../../plugin-api/contracts/repository.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { Repository, Version, VersionDraft } from '../../../plugin-api/contracts/version.ts';
import { type Completion, complete } from './complete-version.ts';
import { addSaved, draftOf } from './draft.ts';
import type { VersionEngine } from './version-context.ts';

/** A version in the making as engines fill it. */
export interface NewVersion extends VersionDraft {
  removeAll(): Promise<number>;
  /** Adds units saved in a transaction of the caller, which must be one of `context.write`. */
  addIn(tx: Transaction, units: readonly SavedUnit[]): Promise<number>;
}

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
  const [made] = await withNewVersions(context, engine, async (begin) => work(await begin(repository, { base })));
  return made ?? null;
}

/** Begins a version of a repository, which the task must hold exclusively, itself or through the one whose part it is. */
type BeginVersion = (repository: Repository, options?: BeginOptions) => Promise<NewVersion>;

interface BeginOptions {
  /** Whose content it starts from; the newest one by default. */
  readonly base?: VersionRow | null | undefined;
  /** It is of a part of another repository, which clients cannot ask for. */
  readonly unseen?: boolean;
}

/**
 * Versions of several repositories, which become visible together. Answers them in the order in which they were begun, null for those
 * that would equal the one before. When the work or a check fails, nothing is left of any.
 */
export async function withNewVersions(
  context: TaskContext,
  engine: VersionEngine,
  work: (begin: BeginVersion) => Promise<void>,
): Promise<readonly (Version | null)[]> {
  const begun: Completion[] = [];
  const typeOf = ({ repository }: Completion) => engine.types.repositoryType(repository.pulpType);
  let made: boolean[];
  try {
    await work(async (repository, { base, unseen = false } = {}) => {
      const before = await latestVersion(context.db, repository.id);
      const version = await begin(context, before, base);
      const additions = { version, base: base ?? before, onLatest: !base || base.id === before.id };
      begun.push({ engine, repository, additions, before, unseen });
      return newVersion(context, version);
    });
    context.signal.throwIfAborted();
    await refreshStatistics(context.db, [...new Set(begun.flatMap((one) => detailTables(typeOf(one))))]);
    made = await context.write((tx) => completeAll(context, tx, begun));
  } catch (error) {
    // Refused when the lease is gone; then whoever took the task over removes the versions.
    await context.write((tx) => dropAll(tx, begun)).catch(() => {});
    throw error;
  }
  for (const [at, one] of begun.entries()) if (made[at]) await follow(context, one, typeOf(one));
  return begun.map(({ additions }, at) => (made[at] ? additions.version : null));
}

async function completeAll(context: TaskContext, tx: Transaction, begun: readonly Completion[]): Promise<boolean[]> {
  const made: boolean[] = [];
  for (const one of begun) made.push(await complete(context, tx, one));
  return made;
}

async function dropAll(tx: Transaction, begun: readonly Completion[]): Promise<void> {
  for (const { additions } of begun) await dropVersion(tx, additions.version);
}

/** What a new version entails once it is there: old ones go, and it may be published. */
async function follow(context: TaskContext, { engine, repository, additions }: Completion, type: RepositoryType) {
  await retain(context, repository, type);
  await autopublish(context, engine, repository, type, additions.version);
}

async function begin(context: TaskContext, before: Version, base: Version | null | undefined): Promise<VersionRow> {
  return await context.write(async (tx) => {
    const version = await beginVersion(tx, before.repositoryId, base?.pulpId ?? null);
    if (base && base.id !== before.id) await startFrom(tx, version, base);
    return version;
  });
}

function newVersion(context: TaskContext, row: VersionRow): NewVersion {
  return {
    ...draftOf(context, row),
    removeAll: () => context.write((tx) => removeWhere(tx, row, sql.raw('true'))),
    addIn: (tx, units) => addSaved(tx, row, units),
  };
}

export function detailTables({ contentTypes }: RepositoryType): string[] {
  return contentTypes.map((content) => content.table);
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
