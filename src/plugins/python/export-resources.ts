/** What archives keep of packages and their repositories; provenance and marks of yanked releases stay behind, as in Pulp. */

import type { ExportField, ExportResource } from '../../plugin-api/index.ts';
import { packageProvenance, packageYank, pythonPackage } from './rest/content.ts';
import { pythonRepository } from './rest/repository.ts';

const text = (name: string): ExportField => ({ name });
const jsonText = (name: string): ExportField => ({ name, kind: 'jsonText' });

/** In the order of Pulp's records. */
const packageRecord: readonly ExportField[] = [
  ...['author', 'author_email', 'description', 'home_page', 'keywords', 'license', 'metadata_version', 'name'].map(
    text,
  ),
  ...['platform', 'summary', 'version'].map(text),
  jsonText('classifiers'),
  ...['download_url', 'supported_platform', 'maintainer', 'maintainer_email'].map(text),
  jsonText('obsoletes_dist'),
  text('project_url'),
  ...['project_urls', 'provides_dist', 'requires_external', 'requires_dist'].map(jsonText),
  ...['requires_python', 'description_content_type'].map(text),
  ...['provides_extras', 'dynamic'].map(jsonText),
  text('license_expression'),
  jsonText('license_file'),
  ...['name_normalized', 'filename', 'packagetype', 'python_version', 'sha256'].map(text),
  { name: 'metadata_sha256', kind: 'optional' },
  { name: 'size', kind: 'number' },
];

export const pythonExportResources: readonly ExportResource[] = [
  {
    name: 'pulp_python.app.modelresource.PythonPackageContentResource',
    content: pythonPackage,
    fields: packageRecord,
  },
  {
    name: 'pulp_python.app.modelresource.PythonRepositoryResource',
    repository: pythonRepository,
    fields: [
      { name: 'autopublish', kind: 'boolean' },
      { name: 'allow_package_substitution', kind: 'boolean' },
      { name: 'error_on_reject', kind: 'boolean' },
    ],
    leaves: [packageProvenance, packageYank],
  },
];
