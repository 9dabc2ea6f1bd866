/** The content of the Python type: packages, their provenance, and marks of releases that were taken back. */
import {
  type ContentColumn,
  type ContentType,
  contentType,
  exactFilter,
  json,
  reference,
  sql,
  string,
  textFilter,
} from '../../../plugin-api/index.ts';
import { packageAccess } from './access.ts';
import { MINIMAL_FIELDS, packageFields, packageUploadFields } from './package-fields.ts';
import { packageFilters } from './package-filters.ts';

const TEXT_COLUMNS = [
  'filename',
  'packagetype',
  'name',
  'name_normalized',
  'version',
  'sha256',
  'metadata_sha256',
  'python_version',
  'metadata_version',
  'summary',
  'description',
  'description_content_type',
  'keywords',
  'home_page',
  'download_url',
  'author',
  'author_email',
  'maintainer',
  'maintainer_email',
  'license',
  'license_expression',
  'license_file',
  'requires_python',
  'project_url',
  'project_urls',
  'platform',
  'supported_platform',
  'requires_dist',
  'requires_external',
  'provides_dist',
  'provides_extras',
  'obsoletes_dist',
  'dynamic',
  'classifiers',
] as const;

const text = (name: string): ContentColumn => ({ name, type: 'text' });

export const pythonPackage = contentType({
  app: 'python',
  name: 'PythonPackageContent',
  pulpType: 'python.python',
  path: 'content/python/packages',
  table: 'python_package',
  columns: [...TEXT_COLUMNS.map(text), { name: 'size', type: 'bigint' }],
  naturalKey: ['sha256'],
  repoKey: ['filename'],
  pathColumn: 'filename',
  description: 'A file of a Python project: a wheel, a source distribution, an egg.',
  artifacts: 'own',
  fields: packageFields,
  minimal: MINIMAL_FIELDS,
  filters: packageFilters,
  ordering: [...TEXT_COLUMNS, 'size'],
  access: packageAccess,
  upload: {
    fields: packageUploadFields,
    synchronous: {
      component: 'PythonPackageContentUpload',
      without: ['relative_path'],
      answer: 'python.PythonPackageContent',
    },
  },
});

const PACKAGE = sql`(select c.pulp_id from python_package p join content c on c.id = p.content_id
  where p.sha256 = d.package_sha256 and c.domain_id = t.domain_id limit 1)`;

export const packageProvenance = contentType({
  app: 'python',
  name: 'PackageProvenance',
  pulpType: 'python.provenance',
  path: 'content/python/provenance',
  table: 'python_provenance',
  columns: [text('package_sha256'), text('sha256'), { name: 'provenance', type: 'jsonb' }],
  naturalKey: ['sha256'],
  repoKey: ['package_sha256'],
  description: 'Who has published a package and how, attested by signatures.',
  artifacts: 'none',
  fields: {
    package: reference('python.pythonpackagecontent', {
      help: 'The package it is about.',
      column: false,
      select: PACKAGE,
      read: (row, presenter) =>
        row.package ? presenter.href('python.pythonpackagecontent', String(row.package)) : null,
    }),
    provenance: json({ help: 'The document.', readOnly: true }),
    sha256: string({ help: 'SHA-256 of the document in its canonical form.', readOnly: true }),
  },
  filters: {
    package: { ...exactFilter(PACKAGE), kind: 'reference', target: 'python.pythonpackagecontent', lookups: ['', 'in'] },
    sha256: textFilter(sql.raw('d.sha256'), { lookups: ['', 'in'] }),
  },
  ordering: ['provenance', 'sha256'],
  upload: {
    fields: {
      verify: {
        kind: 'boolean',
        default: true,
        writeOnly: true,
        column: false,
        help: 'Whether the signatures are checked.',
      },
    },
  },
});

export const packageYank = contentType({
  app: 'python',
  name: 'PackageYank',
  pulpType: 'python.python_yank',
  path: 'content/python/yanks',
  table: 'python_yank',
  columns: [text('name_normalized'), text('version'), text('yanked_reason')],
  naturalKey: ['name_normalized', 'version', 'yanked_reason'],
  repoKey: ['name_normalized', 'version'],
  description: 'Marks a release as taken back: installers use it only when it is asked for by its exact version.',
  artifacts: 'none',
  labelStatus: 200,
  fields: {
    name_normalized: string({ help: 'The project.', readOnly: true }),
    version: string({ help: 'The release.', readOnly: true }),
    yanked_reason: string({ help: 'Why it was taken back.', readOnly: true }),
  },
  filters: {},
  ordering: [],
  commonOrdering: false,
});

export const pythonContentTypes: readonly ContentType[] = [pythonPackage, packageProvenance, packageYank];
