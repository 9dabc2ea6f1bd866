/** Puts the content face together: distribution types of the installed package types, guards. */
import { artifactDistribution } from '../content-app/artifact-distribution.ts';
import { type ContentHandler, createContentHandler } from '../content-app/content-handler.ts';
import type { Services } from '../plugin-api/context.ts';
import type { TaskRunner } from '../tasking/dispatch.ts';
import { buildGuards } from './guards.ts';
import { installedPlugins } from './installed-plugins.ts';
import { keepPulled } from './keep-pulled.ts';

export function buildContent(
  services: Services,
  runner: () => TaskRunner | undefined,
): ContentHandler & { readonly name: 'content' } {
  const handler = createContentHandler(
    services,
    [artifactDistribution, ...installedPlugins.flatMap((plugin) => plugin.distributions)],
    { guards: buildGuards(services), keepPulled: keepPulled(services, runner) },
  );
  return Object.assign(handler, { name: 'content' as const });
}
