/** Puts the content face together: distribution types of the installed package types, guards. */
import { createContentHandler } from '../content-app/content-handler.ts';
import type { Services } from '../plugin-api/context.ts';
import { installedPlugins } from './installed-plugins.ts';

export async function buildContent(services: Services) {
  return await createContentHandler(services, installedPlugins.flatMap((plugin) => plugin.distributions), {});
}
