/** The list of commands. Each is loaded only when it is run, so that a process holds what it needs. */
import type { Command } from './command.ts';

type Load = () => Promise<{ default: Command } | { [name: string]: Command }>;

/** Name, summary for the list, and where the command is. */
export const commands: readonly { name: string; summary: string; load: () => Promise<Command> }[] = [
  entry('serve', 'run the whole server on this machine', () => import('./serving/serve.ts')),
  entry('web', 'run one process that answers API and content requests', () => import('./serving/web.ts')),
  entry('api', 'run one process that answers API requests', () => import('./serving/api.ts')),
  entry('content', 'run one process that answers content requests', () => import('./serving/content.ts')),
  entry('worker', 'run one process that works on tasks', () => import('./serving/worker.ts')),
  entry('migrate', 'bring the database up to date', () => import('./upkeep/migrate.ts')),
  entry('backup', 'make or verify a backup, also while the server runs', () => import('./upkeep/backup.ts')),
  entry('restore', 'restore a backup', () => import('./upkeep/restore.ts')),
  entry('move-storage', 'copy all artifacts into another storage', () => import('./upkeep/move-storage.ts')),
  entry('settings', 'show the settings in effect and where they come from', () => import('./settings.ts')),
  entry('reset-admin-password', 'give admin a new password', () => import('./manager/reset-admin-password.ts')),
  entry(
    'rotate-db-key',
    'encrypt all secrets with the first key of the key file',
    () => import('./upkeep/rotate-db-key.ts'),
  ),
  entry(
    'handle-artifact-checksums',
    'make artifacts fit allowed_content_checksums',
    () => import('./manager/handle-artifact-checksums.ts'),
  ),
  entry('clear-cache', 'make content processes forget what they remember', () => import('./manager/clear-cache.ts')),
  entry('repository-size', 'tell the sizes of repositories as JSON', () => import('./manager/repository-size.ts')),
  entry(
    'analyze-publication',
    'tell where the files of a publication are stored',
    () => import('./manager/analyze-publication.ts'),
  ),
  entry(
    'dump-publications-to-fs',
    'write published trees to a directory',
    () => import('./manager/dump-publications-to-fs.ts'),
  ),
  entry('datarepair', 'find and repair damaged states of the database', () => import('./manager/datarepair.ts')),
  entry('cancel-unfinished', 'cancel all tasks while nothing runs', () => import('./upkeep/cancel-unfinished.ts')),
  entry('maintenance', 'keep anything from being removed from the storage', () => import('./upkeep/maintenance.ts')),
  entry('remove-plugin', 'remove the data of a package type', () => import('./manager/remove-plugin.ts')),
  entry('dump-permissions', 'list permissions of former forms', () => import('./manager/dump-permissions.ts')),
  entry('dispatch', 'dispatch a task for tests (with test_tasks)', () => import('./upkeep/dispatch.ts')),
  entry('replicate', 'plan, run, compare or take back a replication', () => import('./upkeep/replicate.ts')),
  entry('add-signing-service', 'add a program that signs files', () => import('./manager/add-signing-service.ts')),
  entry('remove-signing-service', 'remove a signing service', () => import('./manager/remove-signing-service.ts')),
  entry('list-signing-services', 'list signing services', () => import('./manager/list-signing-services.ts')),
  entry('openapi', 'print the OpenAPI document of the API', () => import('./openapi.ts')),
];

function entry(name: string, summary: string, load: Load) {
  return { name, summary, load: async () => ((await load()) as { default: Command }).default };
}
