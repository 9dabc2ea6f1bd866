/** The file type: files of any kind under their paths, listed by a manifest. */
import { definePlugin, type Repository } from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { fileExportResources } from './export-resources.ts';
import { openGit } from './git-sync.ts';
import { publishFiles } from './publish.ts';
import { replicateFiles } from './replicate.ts';
import { fileResources } from './resources.ts';
import { openManifest } from './sync.ts';
import { fileUpload } from './upload.ts';

export const filePlugin = definePlugin({
  name: 'file',
  version: '3.123.1',
  package: 'pulpcore',
  module: 'pulp_file.app',
  contentTypes: [fileContent],
  uploads: [fileUpload],
  resources: fileResources,
  repositories: [
    {
      pulpType: 'file.file',
      contentTypes: [fileContent],
      publicationType: 'file.file',
      sync: {
        taskName: 'pulp_file.app.tasks.synchronizing.synchronize',
        remotes: ['file.file', 'file.git'],
        open: (context) => (context.remote.pulpType === 'file.git' ? openGit(context) : openManifest(context)),
      },
      autopublish: ({ details }: Repository) =>
        details.autopublish === true ? { manifest: details.manifest } : undefined,
    },
  ],
  publications: [{ pulpType: 'file.file', taskName: 'pulp_file.app.tasks.publishing.publish', publish: publishFiles }],
  distributions: [{ pulpType: 'file.file', servesPublications: true }],
  replicate: [replicateFiles],
  exportResources: fileExportResources,
  migrations: new URL('./migrations/', import.meta.url),
});
