/** Distributions of Python packages: indexes, and the URL at which each is served. */
import { boolean, distributionType, type Row, reference, string } from '../../../plugin-api/index.ts';
import { pythonClientSetup } from '../client-setup.ts';
import { indexUrl } from '../index-url.ts';
import { servePython } from '../serve.ts';
import { locateUpstream, pathWithQuery, pulledPackage } from '../sync/pull-through.ts';
import { projectsChanged } from '../version-packages.ts';
import { distributionAccess } from './access.ts';
import { pythonPublication } from './publication.ts';

export const pythonDistribution = distributionType({
  app: 'python',
  name: 'PythonDistribution',
  type: 'pypi',
  pulpType: 'python.python',
  description: 'Serves Python packages as an index.',
  access: distributionAccess,
  publications: [pythonPublication],
  remote: true,
  fields: {
    base_url: string({
      help: 'The URL of the index.',
      readOnly: true,
      column: false,
      read: (row: Row, presenter) => indexUrl(presenter, String(row.base_path)),
    }),
    publication: reference('publication', {
      help: 'The publication that is served.',
      nullable: true,
      column: 'publication_id',
      schema: { deprecated: true },
    }),
    allow_uploads: boolean({ default: true, detail: true, help: 'Whether packages may be uploaded to this index.' }),
  },
  clientSetup: pythonClientSetup,
  serve: servePython,
  changed: ({ db }, from, to, limit) => projectsChanged(db, from, to, limit),
  pathWith: pathWithQuery,
  locate: locateUpstream,
  pullThrough: pulledPackage,
});
