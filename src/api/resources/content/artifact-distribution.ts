/** The distribution of artifacts as administrators see it; the server has made it itself (core.md §5.2). */

import { DISTRIBUTION } from '../../../plugin-api/declare/distribution-type.ts';
import { identityOf } from '../../../plugin-api/declare/names-of-type.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { distributionResource } from '../../types/distribution-resource.ts';

function readOnly(resource: Resource): Resource {
  const { repository: _, ...fields } = resource.fields;
  return { ...resource, fields, operations: { list: true, read: true }, hasLabels: 'shown' };
}

const names = {
  app: 'core',
  name: 'ArtifactDistribution',
  type: 'artifacts',
  pulpType: 'core.artifact',
  description: 'Serves artifacts to whoever has a signed link.',
  hasRoles: false,
};

export const artifactDistributionResource = readOnly(
  distributionResource({ ...names, ...identityOf(DISTRIBUTION, names) }),
);
