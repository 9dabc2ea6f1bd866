/** All resources of the REST API: the core's and those of the installed package types. */
import { contentHandlers } from '../api/content-handlers.ts';
import { accessPolicyResource } from '../api/resources/access-policies.ts';
import { artifactDistributionResource } from '../api/resources/artifact-distribution.ts';
import { artifactResource } from '../api/resources/artifacts.ts';
import { contentGuards } from '../api/resources/content-guards.ts';
import { domainResource } from '../api/resources/domains.ts';
import { filesystemExporterResource, pulpExporterResource } from '../api/resources/exporters.ts';
import { filesystemExportResource, pulpExportResource } from '../api/resources/exports.ts';
import { genericLists } from '../api/resources/generic-lists.ts';
import { groupResource, groupUserResource } from '../api/resources/groups.ts';
import { pulpImporterResource, pulpImportResource } from '../api/resources/importers.ts';
import { replicationRunResource } from '../api/resources/replication-runs.ts';
import { roleAssignmentResources } from '../api/resources/role-assignments.ts';
import { roleResource } from '../api/resources/roles.ts';
import { signingServiceResource } from '../api/resources/signing-services.ts';
import { taskScheduleResource } from '../api/resources/task-schedules.ts';
import { taskGroupResource, taskResource } from '../api/resources/tasks.ts';
import { tokenResource } from '../api/resources/tokens.ts';
import { uploadResource } from '../api/resources/uploads.ts';
import { upstreamPulpResource } from '../api/resources/upstream-pulps.ts';
import { userResource } from '../api/resources/users.ts';
import { vulnerabilityReportResource } from '../api/resources/vulnerability-reports.ts';
import { webhookResource } from '../api/resources/webhooks.ts';
import { workerResource } from '../api/resources/workers.ts';
import { declareContent } from '../plugin-api/declare-content.ts';
import { allVersions, declareVersions } from '../plugin-api/declare-version.ts';
import type { Plugin } from '../plugin-api/plugin.ts';
import type { Resource } from '../plugin-api/resource.ts';
import { ContentRegistry } from '../repository/content-registry.ts';
import { accessCatalogue } from './access.ts';
import { installedPlugins } from './installed-plugins.ts';
import { allModels } from './models.ts';
import { replicationParts } from './replication.ts';

/** What a package type adds: its own resources, its content, the versions of its repositories. */
function resourcesOf(plugin: Plugin, handlers: ReturnType<typeof contentHandlers>): Resource[] {
  const versions = plugin.resources
    .filter((resource) => resource.model.table === 'repository')
    .map((resource) => declareVersions(resource, plugin.versionActions));
  return [...plugin.resources, ...versions, ...plugin.contentTypes.map((type) => declareContent(type, handlers))];
}

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
