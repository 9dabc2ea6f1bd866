/** What archives keep of files and their repositories. */

import type { ExportResource } from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { fileRepository } from './resources.ts';

export const fileExportResources: readonly ExportResource[] = [
  {
    name: 'pulp_file.app.modelresource.FileContentResource',
    content: fileContent,
    fields: [{ name: 'relative_path' }, { name: 'digest' }],
  },
  {
    name: 'pulp_file.app.modelresource.FileRepositoryResource',
    repository: fileRepository,
    fields: [
      { name: 'manifest' },
      { name: 'autopublish', kind: 'boolean' },
      { name: 'last_sync_details', kind: 'json' },
    ],
  },
];
