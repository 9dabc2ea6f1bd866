/** Publishes a version of a file repository: all files at their paths, and a manifest of them. */
import type { PublishContext } from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { manifestLine } from './formats/manifest.ts';

export async function publishFiles(context: PublishContext): Promise<void> {
  context.passThrough();
  const manifest = context.values.manifest === undefined ? 'PULP_MANIFEST' : context.values.manifest;
  context.set('manifest', manifest);
  if (typeof manifest === 'string') await context.addFile(manifest, manifestLines(context));
}

/** Newest units first. */
async function* manifestLines(context: PublishContext): AsyncGenerator<string> {
  for await (const batch of context.units(fileContent, { digests: [] })) {
    let text = '';
    for (const { values, artifacts } of batch) {
      const { relativePath, size } = artifacts[0]!;
      text += manifestLine({ relativePath, sha256: String(values.digest), size: size ?? 0 });
    }
    yield text;
  }
}
