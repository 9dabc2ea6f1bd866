/** Puts the content face together: distribution types of the installed package types, guards. */
import { artifactDistribution } from '../content-app/artifact-distribution.ts';
import { type ContentHandler, createContentHandler } from '../content-app/content-handler.ts';
import type { Services } from '../plugin-api/context.ts';
import { buildGuards } from './guards.ts';
import { installedPlugins } from './installed-plugins.ts';
import { savePulled } from './save-pulled.ts';

export function buildContent(services: Services): ContentHandler & { readonly name: 'content' } {
  const handler = createContentHandler(
    services,
    [artifactDistribution, ...installedPlugins.flatMap((plugin) => plugin.distributions)],
    { guards: buildGuards(services), savePulled: savePulled(services) },
  );
  return Object.assign(handler, { name: 'content' as const });
}
