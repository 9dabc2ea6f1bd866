/** The conformance suite for the Python type. */
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { pythonPlugin } from '../../src/plugins/python/plugin.ts';
import { pythonPackage } from '../../src/plugins/python/rest/content.ts';
import { pythonDistribution } from '../../src/plugins/python/rest/distribution.ts';
import { pythonPublication } from '../../src/plugins/python/rest/publication.ts';
import { pythonRemote } from '../../src/plugins/python/rest/remote.ts';
import { pythonRepository } from '../../src/plugins/python/rest/repository.ts';
import { makeSdist, makeWheel } from '../python/upstream.ts';
import { checkPlugin } from './check-plugin.ts';
import type { ClientView, SampleUnit, UpstreamTree } from './plugin-conformance.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const META = { 'api-version': '1.1' };

const unit = (path: string, bytes: Buffer): SampleUnit => ({ path, bytes });
const sdist = (name: string, version: string, salt = '') =>
  unit(`${name}-${version}.tar.gz`, makeSdist(name, version, salt));

/** `alpha-1.0.tar.gz` → `alpha` */
const projectOf = (path: string) => path.split('-')[0]!;

const page = (body: object) => ({ body: JSON.stringify(body), type: JSON_TYPE });

/** An index with a simple page and a document for each project. */
function indexOf(units: readonly SampleUnit[], origin: string): UpstreamTree {
  const projects = [...Map.groupBy(units, ({ path }) => projectOf(path))];
  return {
    '/simple/': page({ meta: META, projects: projects.map(([name]) => ({ name })) }),
    ...Object.fromEntries(projects.map(([name, files]) => [`/simple/${name}/`, projectPage(name, files, origin)])),
    ...Object.fromEntries(
      projects.map(([name, files]) => [`/pypi/${name}/json`, projectDocument(name, files, origin)]),
    ),
    ...Object.fromEntries(units.map(({ path, bytes }) => [`/files/${path}`, bytes])),
  };
}

function projectPage(name: string, units: readonly SampleUnit[], origin: string) {
  const files = units.map(({ path, bytes }) => ({
    filename: path,
    url: `${origin}/files/${path}`,
    hashes: { sha256: sha256Of(bytes) },
    size: bytes.length,
  }));
  return page({ meta: META, name, files });
}

function projectDocument(name: string, units: readonly SampleUnit[], origin: string) {
  const version = '1.0';
  const files = units.map(({ path, bytes }) => ({
    filename: path,
    url: `${origin}/files/${path}`,
    digests: { sha256: sha256Of(bytes) },
    packagetype: path.endsWith('.whl') ? 'bdist_wheel' : 'sdist',
    size: bytes.length,
  }));
  const document = { info: { name, version }, last_serial: 1, releases: { [version]: files }, urls: files };
  return { body: JSON.stringify(document), type: 'application/json' };
}

/** Texts of the links of a page. */
const LINK = /<a [^>]*>([^<]+)<\/a>/g;

/** What an installer finds: the live index, or the static one where the version is published. */
async function filesOfIndex({ origin, domain, basePath }: ClientView): Promise<string[]> {
  const linksOf = async (path: string) => {
    const response = await fetch(`${origin}/pypi/${domain}/${basePath}/simple/${path}`);
    return [...(await response.text()).matchAll(LINK)].map(([, text]) => text!);
  };
  const projects = await linksOf('');
  return (await Promise.all(projects.map((name) => linksOf(`${name}/`)))).flat();
}

await checkPlugin({
  plugin: pythonPlugin,
  repository: pythonRepository,
  content: pythonPackage,
  remote: pythonRemote,
  publication: pythonPublication,
  distribution: pythonDistribution,
  samples: {
    kept: sdist('alpha', '1.0'),
    removed: unit('alpha-1.0-py3-none-any.whl', makeWheel('alpha', '1.0').file),
    before: sdist('beta', '1.0'),
    after: sdist('beta', '1.0', 'made again'),
    added: sdist('gamma', '1.0'),
  },
  pathOf: ({ filename }) => filename,
  upstream: {
    tree: indexOf,
    url: (origin) => `${origin}/`,
    additive: {},
    mirror: { mirror: true },
    hostile: [
      {
        name: 'files that are not there',
        tree: (origin) => {
          const { '/files/alpha-1.0.tar.gz': _, ...rest } = indexOf([sdist('alpha', '1.0')], origin);
          return rest;
        },
        says: /404/,
      },
    ],
  },
  refused: [
    { ...unit('alpha-1.0.tar.gz', Buffer.from('no archive')), name: 'an archive that is none', says: /alpha-1\.0/ },
    {
      ...unit('notes.txt', Buffer.from('notes')),
      name: 'a file that is no package',
      says: /notes\.txt|filename|extension/i,
    },
  ],
  listing: filesOfIndex,
});
