/** Puts the content face together: distribution types of the installed package types, guards. */

import { type ContentHandler, createContentHandler } from '../../content-app/content-handler.ts';
import { artifactDistribution } from '../../content-app/distributions/artifact-distribution.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { TaskRunner } from '../../tasking/queue/dispatch.ts';
import { buildGuards } from './guards.ts';
import { keepPulled } from './keep-pulled.ts';
import type { Program } from './program.ts';

export function buildContent(
  program: Program,
  services: Services,
  runner: () => TaskRunner | undefined,
): ContentHandler & { readonly name: 'content' } {
  const handler = createContentHandler(services, [artifactDistribution, ...program.distributions], {
    guards: buildGuards(program, services),
    keepPulled: keepPulled(program, services, runner),
  });
  return Object.assign(handler, { name: 'content' as const });
}
