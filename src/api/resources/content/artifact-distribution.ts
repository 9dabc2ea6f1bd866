/** The distribution of artifacts as administrators see it; the server has made it itself (core.md §5.2). */

import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { declareDistribution } from '../../../plugin-api/types/declare-distribution.ts';

function readOnly(resource: Resource): Resource {
  const { repository: _, ...fields } = resource.fields;
  return { ...resource, fields, operations: { list: true, read: true }, noLabelActions: true };
}

export const artifactDistributionResource = readOnly(
  declareDistribution({
    app: 'core',
    name: 'ArtifactDistribution',
    type: 'artifacts',
    pulpType: 'core.artifact',
    description: 'Serves artifacts to whoever has a signed link.',
    hasRoles: false,
  }),
);
