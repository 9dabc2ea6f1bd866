/** The tasks over content: syncs and publications of all package types, versions, uploads and clean-up. */
import type { Plugin, RepositorySync, RepositoryType } from '../plugin-api/plugin.ts';
import type { TaskFunction } from '../plugin-api/task.ts';
import { publishTask, publishVersion } from '../publish/publish-task.ts';
import { ContentRegistry } from '../repository/content-registry.ts';
import { deleteVersionTask } from '../repository/delete-version-task.ts';
import { modifyTask } from '../repository/modify-task.ts';
import type { VersionEngine } from '../repository/version-context.ts';
import { syncTask } from '../sync/sync-task.ts';
import { commitUpload } from '../upload/commit-upload.ts';

/** What the engines know of the installed package types. */
export function contentEngine(plugins: readonly Plugin[]): VersionEngine {
  const types = new ContentRegistry(plugins);
  return { types, publish: (context, request) => publishVersion(context, types, request) };
}

export function contentTasks(plugins: readonly Plugin[]): TaskFunction[] {
  const engine = contentEngine(plugins);
  const { repositoryTypes, publicationTypes } = engine.types;
  return [
    modifyTask(engine),
    deleteVersionTask,
    commitUpload,
    ...repositoryTypes.filter(canSync).map((type) => syncTask(engine, type)),
    ...publicationTypes.map((type) => publishTask(engine.types, type)),
  ];
}

function canSync(type: RepositoryType): type is RepositoryType & { sync: RepositorySync } {
  return type.sync !== undefined;
}
