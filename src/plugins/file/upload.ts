/** Uploads of the file type: any bytes, under the path that the request names. */
import type { UploadReader } from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';

export const fileUpload: UploadReader = {
  content: fileContent,
  read: async ({ type, values, size, digests }) => ({
    type,
    values: { relative_path: values.relative_path, digest: digests.sha256 },
    artifacts: [{ relativePath: String(values.relative_path), size, digests }],
  }),
};
