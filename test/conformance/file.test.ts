/** The conformance suite for the file type. */
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { fileContent } from '../../src/plugins/file/content.ts';
import { manifestLine } from '../../src/plugins/file/formats/manifest.ts';
import { filePlugin } from '../../src/plugins/file/plugin.ts';
import { fileDistribution, filePublication, fileRemote, fileRepository } from '../../src/plugins/file/resources.ts';
import { checkPlugin } from './check-plugin.ts';
import type { SampleUnit } from './plugin-conformance.ts';

const unit = (path: string, text: string): SampleUnit => ({ path, bytes: Buffer.from(text) });

function manifestOf(units: readonly SampleUnit[]): string {
  const lines = units.map(({ path, bytes }) =>
    manifestLine({ relativePath: path, sha256: sha256Of(bytes), size: bytes.length }),
  );
  return lines.join('');
}

await checkPlugin({
  plugin: filePlugin,
  repository: fileRepository,
  content: fileContent,
  remote: fileRemote,
  publication: filePublication,
  distribution: fileDistribution,
  samples: {
    kept: unit('kept.txt', 'kept in both states'),
    removed: unit('d/removed.txt', 'only in the first state'),
    before: unit('d/e/changed.txt', 'before the change'),
    after: unit('d/e/changed.txt', 'after the change, and longer'),
    added: unit('new/added.txt', 'only in the second state'),
  },
  pathOf: ({ relative_path: path }) => path,
  upstream: {
    tree: (units) => ({
      '/PULP_MANIFEST': manifestOf(units),
      ...Object.fromEntries(units.map(({ path, bytes }) => [`/${path}`, bytes])),
    }),
    url: (origin) => `${origin}/PULP_MANIFEST`,
    additive: {},
    mirror: { mirror: true },
    hostile: [
      {
        name: 'a line that is none',
        tree: () => ({ '/PULP_MANIFEST': `${manifestOf([unit('a', 'a')])}no fields at all\n`, '/a': 'a' }),
        says: /failed on line:2/,
      },
      {
        name: 'a path that leads out of the directory',
        tree: () => ({ '/PULP_MANIFEST': manifestOf([unit('../a', 'a')]), '/a': 'a' }),
        says: /failed on line:1/,
      },
      {
        name: 'files that are not there',
        tree: () => ({ '/PULP_MANIFEST': manifestOf([unit('a', 'a')]) }),
        says: /404/,
      },
    ],
  },
  refused: [{ ...unit('../out.txt', 'bytes'), name: 'a path that leads out of the repository', says: /relative_path/ }],
  listing: async ({ content }) => {
    const manifest = await (await fetch(`${content}PULP_MANIFEST`)).text();
    return manifest
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(',')[0]!);
  },
});
