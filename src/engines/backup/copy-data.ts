/** Copies what the data directory holds besides database and artifacts (keys above all), and files that settings name. */
import { copyFile, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DATA_DIRECTORY, type SealedFile } from './manifest.ts';
import { sealOf } from './sealed-file.ts';

export interface DataRequest {
  /** The data directory. */
  readonly directory: string;
  /** Absolute paths below it that are not copied: database, artifacts, temporary files, locks. */
  readonly leaveOut: readonly string[];
  /** Files elsewhere, by the name of the setting that names them. */
  readonly named: Readonly<Record<string, string>>;
}

/** What there is to copy: settings that name no file, or one that is copied with the directory, add nothing. */
export function copyFilesOf(
  directory: string,
  leaveOut: readonly string[],
  named: Readonly<Record<string, string>>,
): DataRequest {
  const elsewhere = Object.entries(named).filter(([, file]) => file !== '' && !file.startsWith(`${directory}/`));
  return { directory, leaveOut, named: Object.fromEntries(elsewhere) };
}

/** Where files named by settings are kept in a backup. */
const NAMED_DIRECTORY = 'named';

/** Copies into the directory of a backup; answers what is there now. */
export async function copyData(request: DataRequest, backup: string): Promise<SealedFile[]> {
  const sealed: SealedFile[] = [];
  for await (const path of filesBelow(request.directory, '', request.leaveOut)) {
    sealed.push(await copyOne(join(request.directory, path), backup, join(DATA_DIRECTORY, path)));
  }
  for (const [name, file] of Object.entries(request.named)) {
    sealed.push(await copyOne(file, backup, join(NAMED_DIRECTORY, name)));
  }
  return sealed;
}

async function copyOne(from: string, backup: string, path: string): Promise<SealedFile> {
  const to = join(backup, path);
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await copyFile(from, to);
  const handle = await open(to, 'r');
  try {
    await handle.chmod((await stat(from)).mode & 0o700);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { path, ...(await sealOf(to)) };
}

/** Regular files, with paths relative to the root; links are not followed. */
async function* filesBelow(root: string, below: string, leaveOut: readonly string[]): AsyncGenerator<string> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = join(below, entry.name);
    if (leaveOut.includes(join(root, path))) continue;
    if (entry.isDirectory()) yield* filesBelow(root, path, leaveOut);
    else if (entry.isFile()) yield path;
  }
}
