/** What the document of the API tells of live indexes. */
import {
  choice,
  datetime,
  type ExtraOperation,
  type Field,
  file,
  integer,
  json,
  string,
} from '../../../plugin-api/index.ts';
import { operationField } from './operation-fields.ts';

const ROOT = '/pypi/{pulp_domain}/{path}/';
const FORMAT = { in: 'query', name: 'format', schema: { type: 'string', enum: ['html', 'json'] } } as const;

const uploadFields: Readonly<Record<string, Field>> = {
  content: file({ help: 'The package.', required: true, format: 'binary' }),
  action: string({ help: 'What is asked; only uploads are known.', default: 'file_upload' }),
  attestations: json({ help: 'A JSON list of attestations of the package.', writeOnly: true, required: false }),
  filetype: choice('FiletypeEnum', ['bdist_wheel', 'sdist'], { help: 'Kind of package.', required: false }),
  metadata_version: choice('MetadataVersionEnum', ['1.0', '1.1', '1.2', '2.0', '2.1', '2.2', '2.3', '2.4', '2.5'], {
    help: 'Version of the metadata of the package.',
    required: false,
  }),
  protocol_version: operationField.protocolVersion,
  sha256_digest: string({ help: 'SHA-256 of the file.', minLength: 64, maxLength: 64 }),
};

const uploadTask = {
  component: 'PackageUploadTask',
  fields: {
    session: string({ nullable: true, required: true }),
    task: string({ required: true }),
    task_start_time: datetime({ nullable: true, required: true }),
  },
};

const yankFields: Readonly<Record<string, Field>> = {
  name: string({ help: 'The project.' }),
  version: string({ help: 'The release.' }),
  yanked_reason: string({ help: 'Why it is taken back.', default: '', blank: true }),
};

const operation = (part: Omit<ExtraOperation, 'path' | 'component'> & { readonly below: string }): ExtraOperation => {
  const { below, ...rest } = part;
  return { ...rest, path: `${ROOT}${below}`, component: 'python' };
};

const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

export const liveOperations: readonly ExtraOperation[] = [
  operation({
    below: '',
    method: 'get',
    operationId: 'pypi_read',
    tag: 'Pypi',
    summary: 'Get index summary',
    output: {
      200: {
        component: 'Summary',
        fields: {
          projects: integer({ help: 'Projects.' }),
          releases: integer({ help: 'Releases.' }),
          files: integer({ help: 'Files.' }),
        },
      },
    },
  }),
  operation({
    below: 'integrity/{package}/{version}/{filename}/provenance/',
    method: 'get',
    operationId: 'pypi_integrity_provenance_read',
    tag: 'Pypi: Provenance',
    summary: 'Get package provenance',
    output: { 200: null },
  }),
  operation({
    below: 'legacy/',
    method: 'post',
    operationId: 'pypi_legacy_create',
    tag: 'Pypi: Legacy',
    summary: 'Upload a package',
    input: { component: 'PackageUpload', fields: uploadFields },
    media: FORMS,
    output: { 200: uploadTask },
  }),
  operation({
    below: 'pypi/{meta}/',
    method: 'get',
    operationId: 'pypi_pypi_read',
    tag: 'Pypi: Metadata',
    summary: 'Get package metadata',
    output: {
      200: {
        component: 'PackageMetadata',
        fields: {
          last_serial: integer({ help: 'Always 0.' }),
          info: json({ help: 'Metadata of the release.', required: true }),
          releases: json({ help: 'Files by release.', required: true }),
          urls: json({ help: 'Files of the release.', required: true }),
        },
      },
    },
  }),
  operation({
    below: 'rss/packages.xml',
    method: 'get',
    operationId: 'pypi_rss_packages.xml_packages',
    tag: 'Pypi: Packages.Xml',
    summary: 'Get newest packages RSS feed',
    output: { 200: null },
  }),
  operation({
    below: 'rss/project/{package}/releases.xml',
    method: 'get',
    operationId: 'pypi_rss_project_releases.xml_project_releases',
    tag: 'Pypi: Project Releases.Xml',
    summary: 'Get project releases RSS feed',
    output: { 200: null },
  }),
  operation({
    below: 'rss/updates.xml',
    method: 'get',
    operationId: 'pypi_rss_updates.xml_updates',
    tag: 'Pypi: Updates.Xml',
    summary: 'Get latest updates RSS feed',
    output: { 200: null },
  }),
  operation({
    below: 'simple/',
    method: 'get',
    operationId: 'pypi_simple_read',
    tag: 'Pypi: Simple',
    summary: 'Get index simple page',
    parameters: [FORMAT],
    output: { 200: null },
  }),
  operation({
    below: 'simple/',
    method: 'post',
    operationId: 'pypi_simple_create',
    tag: 'Pypi: Simple',
    summary: 'Upload a package',
    input: { component: 'PackageUpload', fields: uploadFields },
    media: FORMS,
    output: { 200: uploadTask },
  }),
  operation({
    below: 'simple/{package}/',
    method: 'get',
    operationId: 'pypi_simple_package_read',
    tag: 'Pypi: Simple',
    summary: 'Get package simple page',
    parameters: [FORMAT],
    output: { 200: null },
  }),
  operation({
    below: 'unyank/',
    method: 'post',
    operationId: 'pypi_unyank_unyank',
    tag: 'Pypi: Unyank',
    summary: 'Unyank a package version',
    input: { component: 'Yank', fields: yankFields },
    output: { 202: { component: 'AsyncOperation' } },
  }),
  operation({
    below: 'yank/',
    method: 'post',
    operationId: 'pypi_yank_yank',
    tag: 'Pypi: Yank',
    summary: 'Yank a package version',
    input: { component: 'Yank', fields: yankFields },
    output: { 202: { component: 'AsyncOperation' } },
  }),
];
