/** The file type: files of any kind under their paths, listed by a manifest. */
import { definePlugin } from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { fileExportResources } from './export-resources.ts';
import { replicateFiles } from './replicate.ts';
import {
  fileAlternateSource,
  fileDistribution,
  fileGitRemote,
  filePublication,
  fileRemote,
  fileRepository,
} from './resources.ts';
import { fileUpload } from './upload.ts';

export const filePlugin = definePlugin({
  name: 'file',
  version: '3.123.1',
  package: 'pulpcore',
  module: 'pulp_file.app',
  contentTypes: [fileContent],
  uploads: [fileUpload],
  repositories: [fileRepository],
  remotes: [fileRemote, fileGitRemote],
  publications: [filePublication],
  distributions: [fileDistribution],
  alternateSources: [fileAlternateSource],
  replicate: [replicateFiles],
  exportResources: fileExportResources,
  migrations: new URL('./migrations/', import.meta.url),
});
