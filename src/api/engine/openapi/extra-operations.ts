/** Extra operations as they stand in the document. */
import type { Components } from './components.ts';
import type { ExtraOperation, OutputShape } from './extra-operation.ts';
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

function outputSchema(output: OutputShape, extra: ExtraOperation, components: Components): Schema {
  if ('schema' in output) return output.schema;
  const { component, list } = output;
  const fields = output.fields ?? (component === extra.input?.component ? extra.input.fields : undefined);
  if (!fields) return sharedResponse(component, components);
  return list ? components.paginated(component, fields) : components.reference(component, fields, 'response');
}

/** `orphans_cleanup_cleanup` of `orphans/cleanup/` → `cleanup`; ids that do not follow their path are left alone. */
function withoutPath(extra: ExtraOperation): string {
  const words = extra.path.split('/').filter((word) => word !== '' && !word.startsWith('{'));
  const prefix = `${words.join('_').replaceAll('-', '_')}_`;
  return extra.operationId.startsWith(prefix) ? extra.operationId.slice(prefix.length) : extra.operationId;
}
