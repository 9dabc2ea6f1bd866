/** The REST resources of the file type: what goes beyond core's. */
import { ValidationError } from '../../lib/errors.ts';
import {
  boolean,
  declareAcs,
  declareDistribution,
  declarePublication,
  declareRemote,
  declareRepository,
  json,
  type Resource,
  string,
} from '../../plugin-api/index.ts';
import { replicateFiles } from './replicate.ts';

const manifest = string({
  help: 'Name of the manifest file; null publishes none.',
  nullable: true,
  default: 'PULP_MANIFEST',
  detail: true,
});

export const fileRepository = declareRepository({
  app: 'file',
  name: 'FileRepository',
  type: 'file',
  description: 'Repositories of files.',
  servesPublications: true,
  fields: {
    autopublish: boolean({ default: false, detail: true, help: 'Whether each new version is published at once.' }),
    manifest,
    last_sync_details: json({
      readOnly: true,
      column: false,
      help: 'What the last sync found.',
      read: (row) => (row.details as { last_sync_details?: object }).last_sync_details ?? {},
    }),
  },
  sync: {
    component: 'FileRepositorySyncURL',
    taskName: 'pulp_file.app.tasks.synchronizing.synchronize',
    fields: {
      mirror: boolean({ default: false, help: 'Makes the content equal to upstream’s.' }),
      optimize: boolean({ default: true, help: 'Does nothing when nothing has changed upstream.' }),
    },
    check: (values, repository) => {
      const { autopublish } = repository.details as { autopublish?: boolean };
      if (values.mirror && autopublish)
        throw new ValidationError(['Cannot use mirror mode with autopublished repository.']);
    },
  },
});

export const fileRemote = declareRemote({
  app: 'file',
  name: 'FileRemote',
  type: 'file',
  description: 'Upstream directories with a PULP_MANIFEST.',
});

export const fileGitRemote = declareRemote({
  app: 'file',
  name: 'FileGitRemote',
  type: 'git',
  description: 'Git repositories whose files are the content.',
  fixedPolicy: true,
  fields: { git_ref: string({ help: 'Branch, tag or commit.', default: 'HEAD', detail: true }) },
});

export const filePublication = declarePublication({
  app: 'file',
  name: 'FilePublication',
  type: 'file',
  description: 'A repository version with its manifest.',
  taskName: 'pulp_file.app.tasks.publishing.publish',
  checkpoint: true,
  fields: { manifest },
});

export const fileDistribution = declareDistribution({
  app: 'file',
  name: 'FileDistribution',
  type: 'file',
  description: 'Serves publications of files.',
  publication: true,
  checkpoint: true,
  told: { repositoryFields: replicateFiles.repositoryFields, publicationFields: replicateFiles.publicationFields },
});

export const fileAcs = declareAcs({
  app: 'file',
  name: 'FileAlternateContentSource',
  type: 'file',
  description: 'Other places to fetch files from.',
  remote: 'file.fileremote',
  refreshTask: 'pulp_file.app.tasks.synchronizing.synchronize',
});

export const fileResources: readonly Resource[] = [
  fileRepository,
  fileRemote,
  fileGitRemote,
  filePublication,
  fileDistribution,
  fileAcs,
];
