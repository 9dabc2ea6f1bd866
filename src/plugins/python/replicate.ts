/** Replication of Python indexes: everything of the live index that upstream serves. */
import type { Replicator } from '../../plugin-api/index.ts';
import { pythonPackage } from './rest/content.ts';
import { pythonDistribution } from './rest/distribution.ts';
import { pythonRemote } from './rest/remote.ts';
import { pythonRepository } from './rest/repository.ts';

export const replicatePython: Replicator = {
  distribution: pythonDistribution,
  repository: pythonRepository,
  remote: pythonRemote,
  distributionFields: ['allow_uploads', 'remote'],
  verified: [{ content: pythonPackage, digest: { column: 'sha256', wire: 'sha256' } }],
  express({ baseUrl, server, distribution }) {
    const { repository, repository_version: version, publication, remote } = distribution;
    if (remote && !repository && !version && !publication) {
      return { unsupported: 'it serves nothing of its own, only what it fetches from its remote' };
    }
    return {
      // The index is served by the API, whatever host name that server believes to have.
      url: new URL(new URL(baseUrl).pathname, server).href,
      remote: { policy: 'immediate', prereleases: true },
      repository: { autopublish: false },
      sync: { mirror: true },
    };
  },
};
