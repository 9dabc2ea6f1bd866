/** An index of a server under test, and the forms that uploads to it are. */
import type { RunningServer } from '../support/running-server.ts';

/** A form with these values and one file. */
export function form(
  values: Readonly<Record<string, string>>,
  field: string,
  filename: string,
  bytes: Buffer,
): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  body.set(field, new Blob([new Uint8Array(bytes)]), filename);
  return body;
}

/** A repository with an index over it; `live` is the path of the index. */
export async function makeIndex(running: RunningServer, name: string): Promise<{ href: string; live: string }> {
  const repository = await running.create('repositories/python/python/', {});
  await running.run('distributions/python/pypi/', { name, base_path: name, repository: repository.pulp_href });
  return { href: repository.pulp_href, live: `/pypi/${name}/` };
}
