/** The tasks over content: syncs and publications of all package types, versions, uploads and clean-up. */

import { ExportTypes } from '../../engines/export-import/export-types.ts';
import { filesystemExportTasks } from '../../engines/export-import/filesystem-export-tasks.ts';
import { pulpImportTask } from '../../engines/export-import/import-task.ts';
import { importVersionTask } from '../../engines/export-import/import-version-task.ts';
import { pulpExportTask } from '../../engines/export-import/pulp-export-task.ts';
import { publishTask, publishVersion } from '../../engines/publish/publish-task.ts';
import { leftoverTasks } from '../../engines/repository/clean-up/clean-up-leftovers-tasks.ts';
import { orphanCleanupTask } from '../../engines/repository/clean-up/orphan-cleanup-task.ts';
import { reclaimSpaceTask } from '../../engines/repository/clean-up/reclaim-space-task.ts';
import { contentTask } from '../../engines/repository/content-task.ts';
import { moveDomainStorageTask } from '../../engines/repository/move-domain-storage-task.ts';
import { repairCountsTask } from '../../engines/repository/repair/repair-counts-task.ts';
import { repairTasks } from '../../engines/repository/repair/repair-tasks.ts';
import { deleteVersionTask } from '../../engines/repository/versions/delete-version-task.ts';
import { modifyTask } from '../../engines/repository/versions/modify-task.ts';
import type { VersionEngine } from '../../engines/repository/versions/version-context.ts';
import { vulnerabilityTask } from '../../engines/repository/vulnerabilities/check-vulnerabilities.ts';
import { syncTask } from '../../engines/sync/sync-task.ts';
import { commitUpload } from '../../engines/upload/commit-upload.ts';
import type { RepositoryType } from '../../plugin-api/contracts/repository.ts';
import type { RepositorySync } from '../../plugin-api/contracts/sync.ts';
import type { TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { Program } from './program.ts';

/** What the engines know of the installed package types. */
export function contentEngine({ types }: Program): VersionEngine {
  return { types, publish: (context, request) => publishVersion(context, types, request) };
}

export function contentTasks(program: Program, engine = contentEngine(program)): TaskFunction[] {
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
    ...exportTasks(engine, program),
    ...leftoverTasks,
    ...repositoryTypes.filter(canSync).map((type) => syncTask(engine, type)),
    ...publicationTypes.map((type) => publishTask(engine.types, type)),
    ...program.plugins.flatMap(({ tasks = [] }) => tasks.map((task) => contentTask(engine, task))),
  ];
}

function exportTasks(engine: VersionEngine, { plugins, versions }: Program): TaskFunction[] {
  const types = new ExportTypes(
    plugins.flatMap((plugin) => plugin.exportResources ?? []),
    versions,
    (pulpType) => engine.types.repositoryType(pulpType).contentTypes.map((type) => type.pulpType),
  );
  return [pulpExportTask(types), ...filesystemExportTasks, pulpImportTask(types), importVersionTask(engine, types)];
}

function canSync(type: RepositoryType): type is RepositoryType & { sync: RepositorySync } {
  return type.sync !== undefined;
}
