/** The index at the root of the API: the URL of each list by its path. */
import type { Resource } from '../../../../plugin-api/declare/resource.ts';
import type { Endpoint } from '../../../endpoints/endpoint.ts';

/** Lists that are not told, because clients of the API do not expect them. */
const UNTOLD = new Set(['repository_versions']);

/** `repositories/file/file` and so on, in the order of the declarations. */
function indexedPaths(resources: readonly Resource[]): string[] {
  return resources
    .filter((resource) => resource.operations.list && !resource.parentHref && !UNTOLD.has(resource.model.path))
    .map((resource) => resource.model.path);
}

export function indexEndpoint(resources: readonly Resource[]): Endpoint {
  const paths = indexedPaths(resources);
  return {
    method: 'get',
    path: '',
    operationId: 'index',
    tag: 'Index',
    output: { 200: null },
    open: true,
    undocumented: true,
    handler: async ({ origin, apiPrefix }) => ({
      status: 200,
      body: Object.fromEntries(paths.map((path) => [path, `${origin}${apiPrefix}${path}/`])),
    }),
  };
}
