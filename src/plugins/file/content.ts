/** The content of the file type: any file under a relative path. */
import { contentType, exactFilter, sql, textFilter } from '../../plugin-api/index.ts';

export const fileContent = contentType({
  app: 'file',
  name: 'FileContent',
  pulpType: 'file.file',
  path: 'content/file/files',
  table: 'file_content',
  columns: [
    { name: 'relative_path', type: 'text' },
    { name: 'digest', type: 'text' },
  ],
  naturalKey: ['relative_path', 'digest'],
  repoKey: ['relative_path'],
  pathColumn: 'relative_path',
  description: 'A file of any kind, known by its path and the digest of its bytes.',
  fields: {},
  filters: {
    relative_path: textFilter(sql.raw('d.relative_path')),
    digest: exactFilter(sql.raw('d.digest')),
    sha256: exactFilter(sql.raw('d.digest')),
  },
  ordering: ['relative_path', 'digest'],
  access: { permissions: ['upload_files'], roles: { 'file.file_uploader': { permissions: ['file.upload_files'] } } },
  upload: {
    synchronous: { component: 'FileContentUpload' },
  },
});
