/** The OpenAPI document of the server, made from its resources and extra operations. */
import type { Action, Resource } from '../../../plugin-api/declare/resource.ts';
import { actionsOf } from '../routes.ts';
import { Components } from './components.ts';
import type { ExtraOperation } from './extra-operation.ts';
import { extraOperation } from './extra-operations.ts';
import type { PlacedOperation } from './operation-object.ts';
import { type DocumentStyle, resourceOperations } from './resource-operations.ts';

export interface DocumentOptions extends Partial<DocumentStyle> {
  /** Actions on roles of a resource that has them. */
  readonly roleActions?: (resource: Resource) => Action[];
  /** Versions of the core and the package types by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Only operations of these package types, `core` among them. */
  readonly only?: readonly string[];
  /** URL that paths are below, with a slash at the end. */
  readonly server?: string;
}

type PathItems = Readonly<Record<string, Readonly<Record<string, object>>>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly paths: PathItems;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object };
  readonly servers: readonly { readonly url: string }[];
}

const SECURITY_SCHEMES = {
  basicAuth: { type: 'http', scheme: 'basic' },
  cookieAuth: { type: 'apiKey', in: 'cookie', name: 'sessionid' },
};

export function buildDocument(
  resources: readonly Resource[],
  extras: readonly ExtraOperation[],
  options: DocumentOptions,
): OpenApiDocument {
  const components = new Components();
  const paths = pathItems(allOperations(resources, extras, options, components));
  const schemas = components.finish();
  if (components.conflicts.length > 0) {
    throw new Error(`components are declared twice in different ways: ${components.conflicts.join(', ')}`);
  }
  return {
    openapi: '3.0.1',
    info: infoOf(options),
    paths,
    components: { schemas, securitySchemes: SECURITY_SCHEMES },
    servers: [{ url: options.server ?? 'http://localhost:24817/' }],
  };
}

function allOperations(
  resources: readonly Resource[],
  extras: readonly ExtraOperation[],
  options: DocumentOptions,
  components: Components,
): PlacedOperation[] {
  const style = styleOf(options);
  const { only } = options;
  const wanted = (component: string) => only === undefined || only.includes(component);
  const noRoles = () => [];
  return [
    ...resources
      .filter((resource) => wanted(componentOfResource(resource)))
      .flatMap((resource) =>
        resourceOperations(resource, actionsOf(resource, options.roleActions ?? noRoles), components, style),
      ),
    ...extras
      .filter((extra) => !extra.undocumented)
      .filter((extra) => wanted(extra.component ?? 'core'))
      .map((extra) => extraOperation(extra, components, style)),
  ];
}

function styleOf(options: DocumentOptions): DocumentStyle {
  const { apiRoot = '/pulp/', domainEnabled = false, pkPath = false, bindings = false } = options;
  return { apiRoot, domainEnabled, pkPath, bindings };
}

/** The package type a resource belongs to; versions belong to that of their repository. */
function componentOfResource(resource: Resource): string {
  const [master, app] = resource.model.path.split('/');
  return master === 'repositories' && app !== undefined ? app : resource.model.app;
}

function pathItems(operations: readonly PlacedOperation[]): PathItems {
  const paths: Record<string, Record<string, object>> = {};
  for (const { key, method, operation } of operations) {
    const item = paths[key] ?? {};
    paths[key] = item;
    if (item[method]) throw new Error(`${method.toUpperCase()} ${key} is declared twice`);
    item[method] = operation;
  }
  return Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function infoOf(options: DocumentOptions): Record<string, unknown> {
  const { versions, only } = options;
  const shown = Object.entries(versions).filter(
    ([name]) => only === undefined || only.includes(name) || name === 'core',
  );
  return {
    title: 'Deckle REST API',
    version: 'v3',
    description: 'Fetches, uploads, organises, versions and distributes software packages.',
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    'x-pulp-app-versions': Object.fromEntries(shown),
    'x-pulp-domain-enabled': options.domainEnabled ?? false,
  };
}
