/** The distribution of artifacts by their ids: its guard lets signed links pass only. */
import { isUuid } from '../../lib/text/uuid.ts';
import { ARTIFACT_DISTRIBUTION } from '../../model/repositories/artifact-distribution.ts';
import type { DistributionType } from '../../plugin-api/contracts/serve.ts';

export const artifactDistribution: DistributionType = {
  pulpType: ARTIFACT_DISTRIBUTION,
  servesPublications: false,
  serve: async (_services, _distribution, path) => (isUuid(path) ? { kind: 'artifact', id: path } : undefined),
};
