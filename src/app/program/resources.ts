/** All resources of the REST API: the core's and those of the installed package types. */
import type { AccessCatalogue } from '../../access/catalogue.ts';
import { contentHandlers } from '../../api/content-handlers.ts';
import { accessPolicyResource } from '../../api/resources/access/access-policies.ts';
import { groupResource, groupUserResource } from '../../api/resources/access/groups.ts';
import { roleAssignmentResources } from '../../api/resources/access/role-assignments.ts';
import { roleResource } from '../../api/resources/access/roles.ts';
import { tokenResource } from '../../api/resources/access/tokens.ts';
import { userResource } from '../../api/resources/access/users.ts';
import { filesystemExporterResource, pulpExporterResource } from '../../api/resources/archives/exporters.ts';
import { filesystemExportResource, pulpExportResource } from '../../api/resources/archives/exports.ts';
import { pulpImporterResource, pulpImportResource } from '../../api/resources/archives/importers.ts';
import { artifactDistributionResource } from '../../api/resources/content/artifact-distribution.ts';
import { artifactResource } from '../../api/resources/content/artifacts.ts';
import { contentGuards } from '../../api/resources/content/content-guards.ts';
import { signingServiceResource } from '../../api/resources/content/signing-services.ts';
import { uploadResource } from '../../api/resources/content/uploads.ts';
import { vulnerabilityReportResource } from '../../api/resources/content/vulnerability-reports.ts';
import { domainResource } from '../../api/resources/domains/domains.ts';
import { genericLists } from '../../api/resources/generic-lists.ts';
import { replicationRunResource } from '../../api/resources/replication/replication-runs.ts';
import { upstreamPulpResource } from '../../api/resources/replication/upstream-pulps.ts';
import { taskScheduleResource } from '../../api/resources/tasks/task-schedules.ts';
import { taskGroupResource, taskResource } from '../../api/resources/tasks/tasks.ts';
import { webhookResource } from '../../api/resources/tasks/webhooks.ts';
import { workerResource } from '../../api/resources/tasks/workers.ts';
import { resourcesOf } from '../../api/types/plugin-resources.ts';
import { allVersions } from '../../api/types/version-resource.ts';
import type { ReplicationParts } from '../../engines/replication/replication-parts.ts';
import type { ContentRegistry } from '../../engines/repository/content-registry.ts';
import type { Plugin } from '../../plugin-api/contracts/plugin.ts';
import type { Models } from '../../plugin-api/declare/model.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';

/** What resources are made of beside their declarations. */
interface ResourceParts {
  readonly plugins: readonly Plugin[];
  readonly types: ContentRegistry;
  readonly models: Models;
  readonly replication: ReplicationParts;
  /** Asked when a request comes: the catalogue is made of the resources. */
  readonly access: () => AccessCatalogue;
}

export function allResources({ plugins, types, models, replication, access }: ResourceParts): Resource[] {
  const handlers = contentHandlers(types);
  const publishing = plugins
    .flatMap((plugin) => plugin.distributions)
    .filter((type) => type.servesPublications)
    .map((type) => type.pulpType);
  const generic = genericLists(models.all, publishing);
  const distributions = generic.find(({ model }) => model.path === 'distributions')!;
  return [
    artifactResource,
    uploadResource,
    taskResource,
    taskGroupResource,
    taskScheduleResource,
    workerResource,
    webhookResource,
    vulnerabilityReportResource,
    ...contentGuards,
    artifactDistributionResource,
    domainResource(types.contentTypes),
    userResource,
    groupResource,
    groupUserResource,
    roleResource(access),
    ...roleAssignmentResources(access),
    accessPolicyResource(access),
    tokenResource(access),
    signingServiceResource,
    pulpExporterResource,
    pulpExportResource,
    filesystemExporterResource,
    filesystemExportResource,
    pulpImporterResource,
    pulpImportResource,
    allVersions(),
    upstreamPulpResource(replication, distributions),
    replicationRunResource,
    ...generic,
    ...plugins.flatMap((plugin) => resourcesOf(plugin, handlers)),
  ];
}
