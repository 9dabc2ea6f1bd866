/** The types of the file type: repositories, remotes, publications, distributions and alternate sources. */
import { ValidationError } from '../../lib/errors.ts';
import {
  alternateSourceType,
  boolean,
  distributionType,
  json,
  publicationType,
  remoteType,
  repositoryType,
  string,
} from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { openGit } from './git-sync.ts';
import { publishFiles } from './publish.ts';
import { openManifest } from './sync.ts';

const manifest = string({
  help: 'Name of the manifest file; null publishes none.',
  nullable: true,
  default: 'PULP_MANIFEST',
  detail: true,
});

export const fileRemote = remoteType({
  app: 'file',
  name: 'FileRemote',
  type: 'file',
  description: 'Upstream directories with a PULP_MANIFEST.',
});

export const fileGitRemote = remoteType({
  app: 'file',
  name: 'FileGitRemote',
  type: 'git',
  description: 'Git repositories whose files are the content.',
  fixedPolicy: true,
  fields: { git_ref: string({ help: 'Branch, tag or commit.', default: 'HEAD', detail: true }) },
});

export const filePublication = publicationType({
  app: 'file',
  name: 'FilePublication',
  type: 'file',
  description: 'A repository version with its manifest.',
  checkpoint: true,
  fields: { manifest },
  taskName: 'pulp_file.app.tasks.publishing.publish',
  publish: publishFiles,
});

export const fileRepository = repositoryType({
  app: 'file',
  name: 'FileRepository',
  type: 'file',
  description: 'Repositories of files.',
  content: [fileContent],
  publications: [filePublication],
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
    remotes: [fileRemote, fileGitRemote],
    fields: {
      mirror: boolean({ default: false, help: 'Makes the content equal to upstream’s.' }),
      optimize: boolean({ default: true, help: 'Does nothing when nothing has changed upstream.' }),
    },
    check: (values, repository) => {
      const { autopublish } = repository.details as { autopublish?: boolean };
      if (values.mirror && autopublish)
        throw new ValidationError(['Cannot use mirror mode with autopublished repository.']);
    },
    open: (context) => (context.remote.pulpType === fileGitRemote.pulpType ? openGit(context) : openManifest(context)),
  },
  autopublish: ({ details }) => (details.autopublish === true ? { manifest: details.manifest } : undefined),
});

export const fileDistribution = distributionType({
  app: 'file',
  name: 'FileDistribution',
  type: 'file',
  description: 'Serves publications of files.',
  publications: [filePublication],
  checkpoint: true,
});

export const fileAlternateSource = alternateSourceType({
  app: 'file',
  name: 'FileAlternateContentSource',
  type: 'file',
  description: 'Other places to fetch files from.',
  remote: fileRemote,
  repository: fileRepository,
});
