/** Endpoints of package types as endpoints of the API: rights first, then the body, then what the type does. */
import type { PluginEndpoint } from '../../plugin-api/contracts/endpoint.ts';
import { accepted } from '../../plugin-api/toolkit/accepted.ts';
import { HrefReader } from '../engine/hrefs.ts';
import { validateBody } from '../engine/validate-body.ts';
import type { Endpoint } from './endpoint.ts';
import { namedObjects } from './named-objects.ts';

/** `component` is the package type. Throws for a path that is not below the API prefix. */
export function pluginEndpoint(component: string, endpoint: PluginEndpoint): Endpoint {
  const { policy, run, ...operation } = endpoint;
  if (operation.path.startsWith('/')) throw new Error(`${operation.path} is not below the prefix of the API`);
  const { fields } = operation.input ?? {};
  return {
    ...operation,
    component,
    asks: { view: policy.view, action: policy.action },
    handler: async (request, params, body) => {
      const { models, settings } = request.services;
      const hrefs = new HrefReader(models, settings);
      const values = fields ? await validateBody(fields, body, request, hrefs) : {};
      const asked = {
        ...request,
        params,
        accepted: async (task: Parameters<typeof request.dispatch>[0]) =>
          accepted(request, await request.dispatch(task)),
        named: namedObjects.bind(undefined, request, hrefs),
      };
      return await run.call(endpoint, asked, values);
    },
  };
}
