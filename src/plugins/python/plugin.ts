/** The Python type: packages of an index, with its live protocol. */
import { definePlugin, type Repository } from '../../plugin-api/index.ts';
import { readProvenanceUpload } from './attestations/upload-provenance.ts';
import { pythonClientSetup } from './client-setup.ts';
import { pythonExportResources } from './export-resources.ts';
import { compareVersionTexts } from './formats/version.ts';
import { pythonLive } from './live/live.ts';
import { publishIndex } from './publish.ts';
import { repairTask } from './repair.ts';
import { replicatePython } from './replicate.ts';
import { packageProvenance, pythonContentTypes, pythonPackage } from './rest/content.ts';
import { checkVersion, SYNC_TASK, scanVersion } from './rest/repository.ts';
import { PUBLISH_TASK, pythonResources } from './rest/resources.ts';
import { servePython } from './serve.ts';
import { locateUpstream, pathWithQuery, pulledPackage } from './sync/pull-through.ts';
import { openIndex } from './sync/sync.ts';
import { pythonTasks } from './tasks.ts';
import { readUploadedPackage } from './uploads/upload.ts';
import { scannedPackages } from './version-packages.ts';

export const pythonPlugin = definePlugin({
  name: 'python',
  version: '3.36.4',
  package: 'pulp-python',
  module: 'pulp_python.app',
  contentTypes: pythonContentTypes,
  uploads: [
    { content: pythonPackage, read: readUploadedPackage },
    { content: packageProvenance, read: readProvenanceUpload },
  ],
  resources: pythonResources,
  repositories: [
    {
      pulpType: 'python.python',
      contentTypes: pythonContentTypes,
      publicationType: 'python.python',
      sync: { taskName: SYNC_TASK, remotes: ['python.python'], open: openIndex },
      autopublish: ({ details }: Repository) => (details.autopublish === true ? {} : undefined),
      check: checkVersion,
      scan: { ecosystem: 'PyPI', packages: scannedPackages, compare: compareVersionTexts },
    },
  ],
  publications: [{ pulpType: 'python.python', taskName: PUBLISH_TASK, publish: publishIndex }],
  distributions: [
    {
      pulpType: 'python.python',
      servesPublications: false,
      clientSetup: pythonClientSetup,
      serve: servePython,
      pathWith: pathWithQuery,
      locate: locateUpstream,
      pullThrough: pulledPackage,
    },
  ],
  replicate: [replicatePython],
  exportResources: pythonExportResources,
  contentTasks: (tools) => [...pythonTasks(tools), repairTask(tools)],
  versionActions: [scanVersion],
  live: pythonLive,
  migrations: new URL('./migrations/', import.meta.url),
});
