/** The task that syncs a repository from a remote: what the plugin finds upstream becomes a new version. */
import type { RepositoryType } from '../../plugin-api/contracts/repository.ts';
import type { RepositorySync } from '../../plugin-api/contracts/sync.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { TempPool } from '../repository/temp-pool.ts';
import { presentVersion } from '../repository/versions/present-version.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';
import { type AlternateArgs, openAlternate } from './alternate-sync.ts';
import { OpenRemotes } from './open-remotes.ts';
import { recordSync } from './record-sync.ts';
import { runSync } from './run-sync.ts';
import { SubRepositories } from './sub-repositories.ts';
import { openContext, type SyncSource } from './sync-context.ts';

interface SyncArgs extends SyncSource {
  /** For which item of a replication is synced, by id, and whether its version needs a publication to be served. */
  readonly record?: { readonly item: number; readonly publish: boolean };
}

export function syncTask(engine: VersionEngine, type: RepositoryType & { sync: RepositorySync }): TaskFunction {
  return {
    name: type.sync.taskName,
    async run(context, args: SyncArgs | AlternateArgs) {
      if (!('source_path' in args)) return await syncRepository(context, engine, type.sync, args);
      await syncRepository(context, engine, type.sync, await openAlternate(context, type.pulpType, args));
      return null;
    },
  };
}

/** Answers the version on the wire, or null when there is no new one. */
async function syncRepository(
  given: TaskContext,
  engine: VersionEngine,
  sync: RepositorySync,
  args: SyncArgs,
): Promise<unknown> {
  const failure = new AbortController();
  const context: TaskContext = { ...given, signal: AbortSignal.any([given.signal, failure.signal]) };
  await using closings = new AsyncDisposableStack();
  const temps = closings.adopt(new TempPool(context.storage(context.domain)), (pool) => pool.discard());
  const remotes = closings.adopt(new OpenRemotes(context), (open) => open.close());
  const parts = new SubRepositories(context);
  const means = { remotes, temps, parts, closings };
  try {
    const target = await openContext(context, sync, args, means);
    // A replication compares with the list of upstream before anything of it is shown.
    const bound = args.record === undefined ? context.settings.syncMaxRemovedPercent : 100;
    const { made, publication } = await runSync({ ...means, context: target, engine, sync, bound });
    if (args.record !== undefined) {
      await recordSync(target, engine, { ...args.record, version: made ?? target.latest, publication });
    }
    return await presentVersion(context, made);
  } catch (error) {
    await parts.removeMade();
    throw error;
  } finally {
    failure.abort(new Error('The sync has ended'));
  }
}
