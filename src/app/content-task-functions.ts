/** The tasks over content: syncs and publications of all package types, versions, uploads and clean-up. */

import { ExportTypes } from '../export-import/export-types.ts';
import { filesystemExportTasks } from '../export-import/filesystem-export-tasks.ts';
import { pulpImportTask } from '../export-import/import-task.ts';
import { importVersionTask } from '../export-import/import-version-task.ts';
import { pulpExportTask } from '../export-import/pulp-export-task.ts';
import type { Plugin, RepositorySync, RepositoryType } from '../plugin-api/plugin.ts';
import type { TaskFunction } from '../plugin-api/task.ts';
import { publishTask, publishVersion } from '../publish/publish-task.ts';
import { vulnerabilityTask } from '../repository/check-vulnerabilities.ts';
import { leftoverTasks } from '../repository/clean-up-leftovers-tasks.ts';
import { ContentRegistry } from '../repository/content-registry.ts';
import { deleteVersionTask } from '../repository/delete-version-task.ts';
import { modifyTask } from '../repository/modify-task.ts';
import { moveDomainStorageTask } from '../repository/move-domain-storage-task.ts';
import { orphanCleanupTask } from '../repository/orphan-cleanup-task.ts';
import { reclaimSpaceTask } from '../repository/reclaim-space-task.ts';
import { repairCountsTask } from '../repository/repair-counts-task.ts';
import { repairTasks } from '../repository/repair-tasks.ts';
import type { VersionEngine } from '../repository/version-context.ts';
import { syncTask } from '../sync/sync-task.ts';
import { commitUpload } from '../upload/commit-upload.ts';
import { reportedVersions } from './component-versions.ts';
import { contentTools } from './content-tools.ts';

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
    moveDomainStorageTask,
    commitUpload,
    vulnerabilityTask(engine.types),
    orphanCleanupTask(engine.types),
    reclaimSpaceTask(engine.types),
    ...repairTasks,
    repairCountsTask,
    ...exportTasks(engine, plugins),
    ...leftoverTasks,
    ...repositoryTypes.filter(canSync).map((type) => syncTask(engine, type)),
    ...publicationTypes.map((type) => publishTask(engine.types, type)),
    ...plugins.flatMap((plugin) => plugin.contentTasks?.(contentTools(engine)) ?? []),
  ];
}

function exportTasks(engine: VersionEngine, plugins: readonly Plugin[]): TaskFunction[] {
  const types = new ExportTypes(
    plugins.flatMap((plugin) => plugin.exportResources ?? []),
    reportedVersions(plugins),
    (pulpType) => engine.types.repositoryType(pulpType).contentTypes.map((type) => type.pulpType),
  );
  return [pulpExportTask(types), ...filesystemExportTasks, pulpImportTask(types), importVersionTask(engine, types)];
}

function canSync(type: RepositoryType): type is RepositoryType & { sync: RepositorySync } {
  return type.sync !== undefined;
}
