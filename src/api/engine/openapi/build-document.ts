/** The OpenAPI document of the server, made from its resources and extra operations. */
import type { Action, Resource } from '../../../plugin-api/resource.ts';
import { actionsOf } from '../routes.ts';
import { Components } from './components.ts';
import type { ExtraOperation } from './extra-operation.ts';
import { extraOperation } from './extra-operations.ts';
import type { PlacedOperation } from './operation-object.ts';
import { type DocumentStyle, resourceOperations } from './resource-operations.ts';
import { asyncOperation, taskGroupOperation } from './shared-components.ts';

export interface DocumentOptions extends Partial<DocumentStyle> {
  /** Actions on roles of a resource that has them. */
  readonly roleActions?: (resource: Resource) => Action[];
  /** Versions of the core and the package types by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Only operations of this package type (or `core`). */
  readonly component?: string | undefined;
  /** URL that paths are below, with a slash at the end. */
  readonly server?: string | undefined;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object };
  readonly servers: readonly { readonly url: string }[];
}

/** Two declarations of one component differ, or two operations have the same place. */
export class DocumentError extends Error {}

export function buildDocument(
  resources: readonly Resource[],
  extras: readonly ExtraOperation[],
  options: DocumentOptions,
): OpenApiDocument {
  const components = new Components();
  const operations = allOperations(resources, extras, options, components);
  const paths = pathsOf(operations);
  if (JSON.stringify(paths).includes('schemas/AsyncOperationResponse"')) asyncOperation(components);
  if (JSON.stringify(paths).includes('schemas/TaskGroupOperationResponse"')) taskGroupOperation(components);
  if (components.conflicts.length > 0) {
    throw new DocumentError(`components declared twice in different ways: ${components.conflicts.join(', ')}`);
  }
  return {
    openapi: '3.0.1',
    info: infoOf(options),
    paths,
    components: { schemas: components.finish(), securitySchemes: SECURITY_SCHEMES },
    servers: [{ url: options.server ?? 'http://localhost:24817/' }],
  };
}

const SECURITY_SCHEMES = {
  basicAuth: { type: 'http', scheme: 'basic' },
  cookieAuth: { type: 'apiKey', in: 'cookie', name: 'sessionid' },
};
