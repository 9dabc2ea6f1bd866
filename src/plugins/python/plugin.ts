/** The Python type: packages of an index, with its live protocol. */
import { definePlugin } from '../../plugin-api/index.ts';
import { readProvenanceUpload } from './attestations/upload-provenance.ts';
import { pythonExportResources } from './export-resources.ts';
import { pythonLive } from './live/live.ts';
import { repairTask } from './repair.ts';
import { replicatePython } from './replicate.ts';
import { pythonConditions } from './rest/access.ts';
import { blocklistEntries } from './rest/blocklist-resource.ts';
import { packageProvenance, pythonContentTypes, pythonPackage } from './rest/content.ts';
import { pythonDistribution } from './rest/distribution.ts';
import { pythonPublication } from './rest/publication.ts';
import { pythonRemote } from './rest/remote.ts';
import { pythonRepository } from './rest/repository.ts';
import { pythonSettings } from './settings.ts';
import { pythonTasks } from './tasks.ts';
import { readUploadedPackage } from './uploads/upload.ts';

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
  repositories: [pythonRepository],
  remotes: [pythonRemote],
  publications: [pythonPublication],
  distributions: [pythonDistribution],
  resources: [blocklistEntries],
  replicate: [replicatePython],
  exportResources: pythonExportResources,
  tasks: [...pythonTasks, repairTask],
  live: [pythonLive],
  conditions: pythonConditions,
  migrations: new URL('./migrations/', import.meta.url),
  tables: ['python_blocklist_entry', 'python_repair', 'python_upload_group'],
  settings: pythonSettings,
});
