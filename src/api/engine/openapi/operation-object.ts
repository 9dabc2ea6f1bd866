/** One operation as it stands in the document: what all operations have in common. */
import type { Components } from './components.ts';
import type { BodyShape, Parameter } from './extra-operation.ts';
import type { Schema } from './field-schema.ts';
import { namesInPath } from './paths.ts';

const ALL_MEDIA = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'] as const;

export interface OperationFacts {
  readonly method: string;
  readonly key: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly pathParameters: readonly Parameter[];
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly schema: Schema; readonly media?: readonly string[] | undefined } | undefined;
  /** Schema by status; null for an answer without a body. */
  readonly responses: Readonly<Record<string, Schema | null>>;
  readonly outputMedia?: readonly string[] | undefined;
  readonly open?: boolean | undefined;
  readonly deprecated?: boolean | undefined;
}

export interface PlacedOperation {
  readonly key: string;
  readonly method: string;
  readonly operation: object;
}

const ARRAY_OF_TEXT = { type: 'array', items: { type: 'string' } };
const DIAGNOSTICS: Parameter = {
  in: 'header',
  name: 'X-Task-Diagnostics',
  schema: ARRAY_OF_TEXT,
  description: 'What to record while the task runs: memory, pyinstrument, memray or logs.',
};
const FIELD_CHOICE: readonly Parameter[] = [
  { in: 'query', name: 'fields', schema: ARRAY_OF_TEXT, description: 'The only fields to answer.' },
  { in: 'query', name: 'exclude_fields', schema: ARRAY_OF_TEXT, description: 'Fields to leave out.' },
];
const SECURITY = [{ basicAuth: [] }, { cookieAuth: [] }];

export function operationObject(facts: OperationFacts): PlacedOperation {
  const operation = {
    operationId: facts.operationId,
    ...(facts.description !== undefined && { description: facts.description }),
    ...(facts.summary !== undefined && { summary: facts.summary }),
    parameters: allParameters(facts),
    tags: [facts.tag],
    ...(facts.body && { requestBody: requestBody(facts.body.schema, facts.body.media ?? ALL_MEDIA) }),
    ...(!facts.open && { security: SECURITY }),
    ...(facts.deprecated && { deprecated: true }),
    responses: responses(facts.responses, facts.outputMedia ?? ['application/json']),
  };
  return { key: facts.key, method: facts.method, operation };
}

function allParameters(facts: OperationFacts): Parameter[] {
  const own = [...facts.pathParameters, ...(facts.parameters ?? [])];
  const path = namesInPath(facts.key, own);
  return [DIAGNOSTICS, ...path, ...own, ...(facts.method === 'get' ? FIELD_CHOICE : [])];
}

function requestBody(schema: Schema, media: readonly string[]): object {
  return { content: Object.fromEntries(media.map((type) => [type, { schema }])), required: true };
}

function responses(schemas: OperationFacts['responses'], media: readonly string[]): object {
  return Object.fromEntries(
    Object.entries(schemas).map(([status, schema]) => [
      status,
      schema === null
        ? { description: 'No response body' }
        : { content: Object.fromEntries(media.map((type) => [type, { schema }])), description: '' },
    ]),
  );
}

/** The request body of an action or an extra operation. */
export function inputSchema(input: BodyShape & { readonly partial?: boolean }, components: Components): Schema {
  const fields = input.fields ?? {};
  if (input.partial) return components.patched(input.component, fields);
  return components.reference(input.component, fields, 'request');
}
