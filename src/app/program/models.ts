/** All models: what hrefs and PRNs can name. */
import { artifactDistributionResource } from '../../api/resources/content/artifact-distribution.ts';
import { contentGuards } from '../../api/resources/content/content-guards.ts';
import { coreModels } from '../../api/resources/models.ts';
import { modelsOf } from '../../api/types/plugin-resources.ts';
import { versionModel } from '../../api/types/version-resource.ts';
import type { Plugin } from '../../plugin-api/contracts/plugin.ts';
import type { Model } from '../../plugin-api/declare/model.ts';

export function allModels(plugins: readonly Plugin[]): Model[] {
  return [
    ...coreModels,
    versionModel,
    ...contentGuards.map((guard) => guard.model),
    artifactDistributionResource.model,
    ...plugins.flatMap(modelsOf),
  ];
}
