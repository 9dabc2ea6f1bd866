/** The task behind `modify`: a version made of another one by removing and adding units. */
import { foresee } from '../../../db/foresee.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { contentByPulpIds } from '../../../model/content/content.ts';
import { countingDeleted } from '../../../model/deleted-rows.ts';
import { openContentIds } from '../../../model/repositories/membership.ts';
import {
  findVersionById,
  type VersionCounts,
  type VersionRow,
} from '../../../model/repositories/repository-version.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';
import type { Repository, Version } from '../../../plugin-api/contracts/version.ts';
import { requireRepository } from '../require-repository.ts';
import { checkOverwrite } from './check-overwrite.ts';
import { insideOf } from './inside-transaction.ts';
import { presentVersion } from './present-version.ts';
import type { VersionEngine } from './version-context.ts';
import { withNewVersion } from './with-new-version.ts';

interface ModifyArgs {
  readonly repository: string;
  readonly base_version?: string | null;
  readonly add_content_units?: readonly string[];
  /** pulp_ids, or `['*']` for everything the latest version has. */
  readonly remove_content_units?: readonly string[];
  readonly overwrite?: boolean;
  /** Only tells what would change. */
  readonly dry_run?: boolean;
}

export function modifyTask(engine: VersionEngine): TaskFunction {
  return {
    name: 'pulpcore.app.tasks.repository.add_and_remove',
    async run(context, args: ModifyArgs) {
      if (args.dry_run) return await foreseeModify(context, engine, args);
      return await presentVersion(context, await modify(context, engine, args));
    },
  };
}

async function modify(context: TaskContext, engine: VersionEngine, args: ModifyArgs): Promise<Version | null> {
  const repository = await requireRepository(context, args.repository);
  const base = await baseVersion(context, args.base_version);
  const add = await contentIds(context, args.add_content_units ?? []);
  const all = args.remove_content_units?.[0] === '*';
  const remove = all
    ? await latestContent(context, repository)
    : await contentIds(context, args.remove_content_units ?? []);
  return await withNewVersion(
    context,
    engine,
    repository,
    async (made) => {
      await made.remove(remove);
      if (args.overwrite === false) await refuseOverwrite(context, engine, repository, add);
      await made.add(add);
    },
    base,
  );
}

const NO_CHANGE: VersionCounts = { added: {}, removed: {}, present: {} };

/** What the new version would have, and how many old ones would go; nothing is published. */
async function foreseeModify(context: TaskContext, engine: VersionEngine, args: ModifyArgs): Promise<unknown> {
  let counts = NO_CHANGE;
  const completed = (found: VersionCounts) => {
    counts = found;
  };
  const noting: VersionEngine = { ...engine, publish: async () => '', completed };
  const { answer: version, deleted } = await foresee(
    (inside) => context.write(inside),
    (tx) => countingDeleted(tx, context.models, () => modify(insideOf(context, tx), noting, args)),
  );
  return { ...counts, deleted_versions: (version && deleted['core.RepositoryVersion']) ?? 0 };
}

async function baseVersion(context: TaskContext, pulpId: string | null | undefined): Promise<VersionRow | null> {
  if (!pulpId) return null;
  const base = await findVersionById(context.db, context.domain.id, pulpId);
  if (!base) throw ValidationError.field('base_version', 'Invalid hyperlink - Object does not exist.');
  return base;
}

/** Units are checked to exist when the task is dispatched; those removed since then are an error, not left out in silence. */
async function contentIds(context: TaskContext, pulpIds: readonly string[]): Promise<number[]> {
  if (pulpIds.length === 0) return [];
  const found = await contentByPulpIds(context.db, context.domain.id, pulpIds);
  const there = new Set(found.map((one) => one.pulpId));
  const missing = pulpIds.filter((id) => !there.has(id));
  if (missing.length > 0) {
    throw new ValidationError([`Could not find the following content units: ${missing.join(', ')}`]);
  }
  return found.map((one) => one.id);
}

async function latestContent(context: TaskContext, repository: Repository): Promise<number[]> {
  const ids: number[] = [];
  for await (const batch of openContentIds(context.db, repository.id)) for (const id of batch) ids.push(id);
  return ids;
}

async function refuseOverwrite(
  context: TaskContext,
  engine: VersionEngine,
  repository: Repository,
  ids: readonly number[],
): Promise<void> {
  const { contentTypes } = engine.types.repositoryType(repository.pulpType);
  await checkOverwrite(context.db, contentTypes, repository.id, ids);
}
