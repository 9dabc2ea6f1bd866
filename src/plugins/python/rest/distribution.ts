/** Distributions of Python packages: indexes, and the URL at which each is served. */
import {
  boolean,
  distributionType,
  type Presenter,
  type Row,
  reference,
  settingsFor,
  string,
} from '../../../plugin-api/index.ts';
import { pythonClientSetup } from '../client-setup.ts';
import { servePython } from '../serve.ts';
import { pythonSettings } from '../settings.ts';
import { locateUpstream, pathWithQuery, pulledPackage } from '../sync/pull-through.ts';
import { distributionAccess } from './access.ts';
import { pythonPublication } from './publication.ts';

/** Requests know the host they were sent to. */
type Place = Pick<Presenter, 'services' | 'domain'> & { readonly origin?: string };

/** `http://host/pypi/[domain/]path/`; without a host where the settings tell none. */
export function indexUrl({ services, domain, origin }: Place, basePath: string): string {
  const { domainEnabled, contentOrigin } = services.settings;
  const { pypiApiHostname, pypiPathPrefix } = settingsFor(services, pythonSettings);
  const host = (pypiApiHostname ?? origin ?? contentOrigin ?? '').replace(/\/+$/, '');
  return `${host}${pypiPathPrefix}${domainEnabled ? `${domain.name}/` : ''}${basePath}/`;
}

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
  pathWith: pathWithQuery,
  locate: locateUpstream,
  pullThrough: pulledPackage,
});
