/** The REST resources of the Python type: what goes beyond core's. */
import {
  boolean,
  declareDistribution,
  declarePublication,
  type Presenter,
  type Resource,
  type Row,
  reference,
  settingsFor,
  string,
} from '../../../plugin-api/index.ts';
import { pythonSettings } from '../settings.ts';
import {
  blocklistAccess,
  distributionAccess,
  publicationAccess,
  remoteAccess,
  repositoryAccess,
  withAccess,
} from './access.ts';
import { blocklistEntries } from './blocklist-resource.ts';
import { pythonRemote } from './remote.ts';
import { pythonRepository } from './repository.ts';

export const PUBLISH_TASK = 'pulp_python.app.tasks.publish.publish';

export const pythonPublication = declarePublication({
  app: 'python',
  name: 'PythonPublication',
  type: 'pypi',
  pulpType: 'python.python',
  description: 'A repository version as a static index. Versions are served without one.',
  taskName: PUBLISH_TASK,
});

/** Requests know the host they were sent to. */
type Place = Pick<Presenter, 'services' | 'domain'> & { readonly origin?: string };

/** `http://host/pypi/[domain/]path/`; without a host where the settings tell none. */
export function indexUrl({ services, domain, origin }: Place, basePath: string): string {
  const { domainEnabled, contentOrigin } = services.settings;
  const { pypiApiHostname, pypiPathPrefix } = settingsFor(services, pythonSettings);
  const host = (pypiApiHostname ?? origin ?? contentOrigin ?? '').replace(/\/+$/, '');
  return `${host}${pypiPathPrefix}${domainEnabled ? `${domain.name}/` : ''}${basePath}/`;
}

export const pythonDistribution = declareDistribution({
  app: 'python',
  name: 'PythonDistribution',
  type: 'pypi',
  pulpType: 'python.python',
  description: 'Serves Python packages as an index.',
  publication: true,
  told: { live: true },
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
});

export const pythonResources: readonly Resource[] = [
  withAccess(pythonRepository, repositoryAccess),
  withAccess(blocklistEntries, blocklistAccess),
  withAccess(pythonRemote, remoteAccess),
  withAccess(pythonPublication, publicationAccess),
  withAccess(pythonDistribution, distributionAccess),
];
