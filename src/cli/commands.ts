/** The list of commands. Each is loaded only when it is run, so that a process holds what it needs. */
import type { Command } from './command.ts';

export interface NamedCommand {
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: readonly NamedCommand[] = [
  entry(
    'serve',
    'run the whole server on this machine: database, API, content and workers',
    () => import('./serving/serve.ts'),
  ),
  entry('web', 'run one process that answers API and content requests', () => import('./serving/web.ts')),
  entry('api', 'run one process that answers API requests', () => import('./serving/api.ts')),
  entry('content', 'run one process that answers content requests', () => import('./serving/content.ts')),
  entry('worker', 'run one process that works on tasks', () => import('./serving/worker.ts')),
  entry('migrate', 'bring the database up to date (serve does it by itself)', () => import('./upkeep/migrate.ts')),
  entry('backup', 'make a backup while the server runs or not, or verify one', () => import('./upkeep/backup.ts')),
  entry('restore', 'restore a backup into an empty data directory and database', () => import('./upkeep/restore.ts')),
  entry(
    'move-storage',
    'copy all artifacts from the file system into the object store, or back, while the server runs',
    () => import('./upkeep/move-storage.ts'),
  ),
  entry('settings', 'show the settings in effect and where they come from', () => import('./settings.ts')),
  entry(
    'reset-admin-password',
    'give admin a new password, and end its sessions',
    () => import('./manager/reset-admin-password.ts'),
  ),
  entry(
    'rotate-db-key',
    'encrypt all secrets of the database with the first key of the key file; all processes must have loaded it',
    () => import('./upkeep/rotate-db-key.ts'),
  ),
  entry(
    'handle-artifact-checksums',
    'give artifacts the digests of allowed_content_checksums, and take others away',
    () => import('./manager/handle-artifact-checksums.ts'),
  ),
  entry(
    'clear-cache',
    'make content processes forget what they remember; of all distributions unless some are named',
    () => import('./manager/clear-cache.ts'),
  ),
  entry('repository-size', 'tell the sizes of repositories as JSON', () => import('./manager/repository-size.ts')),
  entry(
    'analyze-publication',
    'tell where the files of a publication are stored',
    () => import('./manager/analyze-publication.ts'),
  ),
  entry(
    'dump-publications-to-fs',
    'write published trees to a directory, below the base paths of their distributions',
    () => import('./manager/dump-publications-to-fs.ts'),
  ),
  entry(
    'datarepair',
    'find and repair damaged states: counts, files, memberships, numbers, secrets',
    () => import('./manager/datarepair.ts'),
  ),
  entry(
    'cancel-unfinished',
    'cancel all tasks and forget all processes, while nothing runs: after a restore by other means than ours',
    () => import('./upkeep/cancel-unfinished.ts'),
  ),
  entry(
    'maintenance',
    'keep anything from being removed from the storage, for example while it is copied by other means than ours',
    () => import('./upkeep/maintenance.ts'),
  ),
  entry(
    'remove-plugin',
    'remove everything a package type has in the database, while nothing runs; make a backup before',
    () => import('./manager/remove-plugin.ts'),
  ),
  entry(
    'dump-permissions',
    'list permissions given without roles, as JSON; there are none in this server',
    () => import('./manager/dump-permissions.ts'),
  ),
  entry(
    'dispatch',
    'dispatch a task for tests, described by JSON on standard input (with the setting test_tasks)',
    () => import('./upkeep/dispatch.ts'),
  ),
  entry(
    'replicate',
    'plan, run, compare or take back a replication on a running server',
    () => import('./upkeep/replicate.ts'),
  ),
  entry(
    'add-signing-service',
    'add a program that signs files, after trying it out',
    () => import('./manager/add-signing-service.ts'),
  ),
  entry('remove-signing-service', 'remove a signing service', () => import('./manager/remove-signing-service.ts')),
  entry(
    'list-signing-services',
    'list the names of signing services',
    () => import('./manager/list-signing-services.ts'),
  ),
  entry('openapi', 'print the OpenAPI document of the API', () => import('./openapi.ts')),
];

function entry(name: string, summary: string, load: () => Promise<{ default: Command }>): NamedCommand {
  return { name, summary, load: async () => (await load()).default };
}
