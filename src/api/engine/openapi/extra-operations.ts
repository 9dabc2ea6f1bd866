/** Extra operations as they stand in the document. */
import type { Components } from './components.ts';
import type { BodyShape, ExtraOperation } from './extra-operation.ts';
import type { Schema } from './field-schema.ts';
import { inputSchema, operationObject, type PlacedOperation } from './operation-object.ts';
import { apiPath, type PathKey, serverPath } from './paths.ts';
import type { DocumentStyle } from './resource-operations.ts';
import { sharedResponse } from './shared-components.ts';

export function extraOperation(extra: ExtraOperation, components: Components, style: DocumentStyle): PlacedOperation {
  const place = placeOf(extra, style);
  const { input } = extra;
  return operationObject({
    method: extra.method,
    key: place.key,
    operationId: style.bindings ? withoutPath(extra) : extra.operationId,
    tag: extra.tag,
    summary: extra.summary,
    description: extra.description,
    pathParameters: place.parameters,
    ...(extra.parameters && { parameters: extra.parameters }),
    body: input && { schema: inputSchema(input, components), media: extra.media },
    responses: Object.fromEntries(
      Object.entries(extra.output).map(([status, output]) => [
        status,
        output && outputSchema(output, extra, components),
      ]),
    ),
    outputMedia: extra.outputMedia,
    open: extra.open,
    deprecated: extra.deprecated,
  });
}

function placeOf(extra: ExtraOperation, style: DocumentStyle): PathKey {
  if (/^[/{]/.test(extra.path)) return serverPath(extra.path, style);
  return apiPath(extra.path, style, extra.withoutDomain);
}

function outputSchema(
  output: BodyShape & { readonly list?: boolean },
  extra: ExtraOperation,
  components: Components,
): Schema {
  const fields = output.fields ?? (output.component === extra.input?.component ? extra.input.fields : undefined);
  if (!fields) return sharedResponse(output.component, components);
  return output.list
    ? components.paginated(output.component, fields)
    : components.reference(output.component, fields, 'response');
}

/** `orphans_cleanup_cleanup` of `orphans/cleanup/` → `cleanup`; ids that do not follow their path are left alone. */
function withoutPath(extra: ExtraOperation): string {
  const words = extra.path.split('/').filter((word) => word !== '' && !word.startsWith('{'));
  const prefix = `${words.join('_').replaceAll('-', '_')}_`;
  return extra.operationId.startsWith(prefix) ? extra.operationId.slice(prefix.length) : extra.operationId;
}
