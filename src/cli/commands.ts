/** The list of commands. Each is loaded only when it is run, so that a process holds what it needs. */
import type { Command } from './command.ts';

type Load = () => Promise<{ default: Command } | { [name: string]: Command }>;

/** Name, summary for the list, and where the command is. */
export const commands: readonly { name: string; summary: string; load: () => Promise<Command> }[] = [
  entry('serve', 'run the whole server on this machine', () => import('./serve.ts')),
  entry('web', 'run one process that answers API and content requests', () => import('./web.ts')),
  entry('api', 'run one process that answers API requests', () => import('./api.ts')),
  entry('content', 'run one process that answers content requests', () => import('./content.ts')),
  entry('worker', 'run one process that works on tasks', () => import('./worker.ts')),
  entry('migrate', 'bring the database up to date', () => import('./migrate.ts')),
  entry('backup', 'make or verify a backup, also while the server runs', () => import('./backup.ts')),
  entry('restore', 'restore a backup', () => import('./restore.ts')),
  entry('move-storage', 'copy all artifacts into another storage', () => import('./move-storage.ts')),
  entry('settings', 'show the settings in effect and where they come from', () => import('./settings.ts')),
  entry('reset-admin-password', 'give admin a new password', () => import('./reset-admin-password.ts')),
  entry('rotate-db-key', 'encrypt all secrets with the first key of the key file', () => import('./rotate-db-key.ts')),
  entry(
    'handle-artifact-checksums',
    'make artifacts fit allowed_content_checksums',
    () => import('./handle-artifact-checksums.ts'),
  ),
  entry('clear-cache', 'make content processes forget what they remember', () => import('./clear-cache.ts')),
  entry('repository-size', 'tell the sizes of repositories as JSON', () => import('./repository-size.ts')),
  entry(
    'analyze-publication',
    'tell where the files of a publication are stored',
    () => import('./analyze-publication.ts'),
  ),
  entry(
    'dump-publications-to-fs',
    'write published trees to a directory',
    () => import('./dump-publications-to-fs.ts'),
  ),
  entry('datarepair', 'find and repair damaged states of the database', () => import('./datarepair.ts')),
  entry('cancel-unfinished', 'cancel all tasks while nothing runs', () => import('./cancel-unfinished.ts')),
  entry('maintenance', 'keep anything from being removed from the storage', () => import('./maintenance.ts')),
  entry('remove-plugin', 'remove the data of a package type', () => import('./remove-plugin.ts')),
  entry('dump-permissions', 'list permissions of former forms', () => import('./dump-permissions.ts')),
  entry('dispatch', 'dispatch a task for tests (with test_tasks)', () => import('./dispatch.ts')),
  entry('replicate', 'plan, run, compare or take back a replication', () => import('./replicate.ts')),
  entry('add-signing-service', 'add a program that signs files', () => import('./add-signing-service.ts')),
  entry('remove-signing-service', 'remove a signing service', () => import('./remove-signing-service.ts')),
  entry('list-signing-services', 'list signing services', () => import('./list-signing-services.ts')),
  entry('openapi', 'print the OpenAPI document of the API', () => import('./openapi.ts')),
];

function entry(name: string, summary: string, load: Load) {
  return { name, summary, load: async () => ((await load()) as { default: Command }).default };
}
