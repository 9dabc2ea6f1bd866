/** Replication of files: a mirror of the manifest that upstream serves. */
import type { Replicator } from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { fileDistribution, fileRemote, fileRepository } from './resources.ts';

export const replicateFiles: Replicator = {
  distribution: fileDistribution,
  repository: fileRepository,
  remote: fileRemote,
  repositoryFields: ['manifest'],
  publicationFields: ['manifest'],
  verified: [{ content: fileContent, digest: { column: 'digest', wire: 'sha256' } }],
  express({ baseUrl, publication, distribution }) {
    if (distribution.checkpoint) {
      return { unsupported: 'it serves checkpoints, which have a manifest for each point in time only' };
    }
    const manifest = publication?.manifest;
    if (typeof manifest !== 'string') return { unsupported: 'its publication has no manifest' };
    return {
      url: `${baseUrl}${encodeURI(manifest)}`,
      repository: { manifest, autopublish: false },
      sync: { mirror: true, optimize: true },
    };
  },
};
