/** All resources of the REST API: the core's and those of the installed package types. */
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
import { ContentRegistry } from '../../engines/repository/content-registry.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { installedPlugins } from '../installed-plugins.ts';
import { accessCatalogue } from './access.ts';
import { allModels } from './models.ts';
import { replicationParts } from './replication.ts';

let made: Resource[] | undefined;

/** Made once per process. */
export function allResources(): Resource[] {
  made ??= makeResources();
  return made;
}

function makeResources(): Resource[] {
  const handlers = contentHandlers(new ContentRegistry(installedPlugins));
  const publishing = installedPlugins
    .flatMap((plugin) => plugin.distributions)
    .filter((type) => type.servesPublications)
    .map((type) => type.pulpType);
  const generic = genericLists(allModels(), publishing);
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
    domainResource(installedPlugins.flatMap((plugin) => plugin.contentTypes)),
    userResource,
    groupResource,
    groupUserResource,
    roleResource(accessCatalogue),
    ...roleAssignmentResources(accessCatalogue),
    accessPolicyResource(accessCatalogue),
    tokenResource(accessCatalogue),
    signingServiceResource,
    pulpExporterResource,
    pulpExportResource,
    filesystemExporterResource,
    filesystemExportResource,
    pulpImporterResource,
    pulpImportResource,
    allVersions(),
    upstreamPulpResource(replicationParts(installedPlugins), distributions),
    replicationRunResource,
    ...generic,
    ...installedPlugins.flatMap((plugin) => resourcesOf(plugin, handlers)),
  ];
}
