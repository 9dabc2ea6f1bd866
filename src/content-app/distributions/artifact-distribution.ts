/** The distribution of artifacts by their ids: its guard lets signed links pass only. */
import { ARTIFACT_DISTRIBUTION } from '../../model/repositories/artifact-distribution.ts';
import type { DistributionType } from '../../plugin-api/contracts/serve.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export const artifactDistribution: DistributionType = {
  pulpType: ARTIFACT_DISTRIBUTION,
  servesPublications: false,
  serve: async (_services, _distribution, path) => (UUID.test(path) ? { kind: 'artifact', id: path } : undefined),
};
