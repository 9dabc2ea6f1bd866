/** All resources and models of a package type, from its declared types. */
import type { Plugin } from '../../plugin-api/contracts/plugin.ts';
import type { ContentType } from '../../plugin-api/declare/content.ts';
import type { DeclaredDistribution } from '../../plugin-api/declare/distribution-type.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { alternateSourceResource } from './alternate-source-resource.ts';
import { type ContentHandlers, contentResource } from './content-resource.ts';
import { distributionResource, type ToldFields } from './distribution-resource.ts';
import { guardResource } from './guard-resource.ts';
import { publicationResource } from './publication-resource.ts';
import { remoteResource } from './remote-resource.ts';
import { repositoryResource } from './repository-resource.ts';
import { versionResource } from './version-resource.ts';

/** In the order in which access control looks for the first resource of a kind. */
export function resourcesOf(plugin: Plugin, handlers: (type: ContentType) => ContentHandlers): Resource[] {
  const repositories = plugin.repositories.map((type) => [type, repositoryResource(type)] as const);
  return [
    ...repositories.map(([, resource]) => resource),
    ...plugin.remotes.map(remoteResource),
    ...plugin.publications.map(publicationResource),
    ...plugin.distributions.map((type) => distributionResource(type, toldOf(plugin, type))),
    ...plugin.alternateSources.map(alternateSourceResource),
    ...plugin.guards.map(guardResource),
    ...plugin.resources,
    ...repositories.map(([type, resource]) => versionResource(resource, type.versionActions)),
    ...plugin.contentTypes.map((type) => contentResource(type, handlers)),
  ];
}

/** What a replication of the distribution asks of its repository and publication. */
function toldOf(plugin: Plugin, type: DeclaredDistribution): ToldFields {
  const { repositoryFields, publicationFields } = plugin.replicate?.find((one) => one.distribution === type) ?? {};
  return { ...(repositoryFields && { repositoryFields }), ...(publicationFields && { publicationFields }) };
}

export function modelsOf(plugin: Plugin): Model[] {
  const types = [
    plugin.repositories,
    plugin.remotes,
    plugin.publications,
    plugin.distributions,
    plugin.alternateSources,
    plugin.guards,
    plugin.resources,
    plugin.contentTypes,
  ];
  return types.flat().map(({ model }) => model);
}
