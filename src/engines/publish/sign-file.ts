/** Signs files of a publication in a directory of their own. */
import { createReadStream } from 'node:fs';
import { copyFile, mkdtemp, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { PulpError } from '../../lib/errors.ts';
import type { SignedFile, SignFileOptions } from '../../plugin-api/contracts/publish.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import { signFile } from '../../plugin-api/toolkit/signing.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';

/** The directory goes with that of the task. `receive` takes the bytes of a file the program has made. */
export async function signForPublication(
  context: TaskContext,
  serviceId: string,
  file: TempArtifact,
  { name, env = {} }: SignFileOptions,
  receive: (source: AsyncIterable<Uint8Array>) => Promise<TempArtifact>,
): Promise<SignedFile> {
  const directory = await mkdtemp(join(await context.workDirectory(), 'sign-'));
  const path = join(directory, basename(name));
  await copyFile(file.path, path);
  const answer = await signFile(context, serviceId, path, {
    signal: context.signal,
    env: { ...env, PULP_TEMP_WORKING_DIR: directory },
  });
  return {
    answer,
    receive: async (made) => {
      const from = typeof made === 'string' ? resolve(directory, made) : undefined;
      const size =
        from === undefined
          ? 0
          : await stat(from).then(
              (found) => found.size,
              () => 0,
            );
      if (from === undefined || size === 0) {
        throw new PulpError('PLP0021', `The signing service has made no file ${String(made)} for ${name}.`);
      }
      return await receive(createReadStream(from));
    },
  };
}
