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
  entry('openapi', 'print the OpenAPI document of the API', () => import('./openapi.ts')),
];

function entry(name: string, summary: string, load: Load) {
  return { name, summary, load: async () => ((await load()) as { default: Command }).default };
}
