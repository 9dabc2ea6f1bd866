/** The operations of one resource: list, create, read, update, delete and its actions. */
import type { Action, Mode, Resource } from '../../../plugin-api/declare/resource.ts';
import type { Components } from './components.ts';
import type { Parameter } from './extra-operation.ts';
import type { Fields, Schema } from './field-schema.ts';
import { listParameters } from './filter-parameters.ts';
import { inputSchema, type OperationFacts, operationObject, type PlacedOperation } from './operation-object.ts';
import { collectionPath, detailPath, type PathStyle } from './paths.ts';
import { asyncOperation, sharedResponse } from './shared-components.ts';
import { createText, deleteText, nounPhrases, updateText } from './texts.ts';

export interface DocumentStyle extends PathStyle {
  /** operationIds without the path in front, for generators that make one class per tag. */
  readonly bindings: boolean;
}

type Part = Pick<OperationFacts, 'method' | 'summary' | 'description' | 'responses'> &
  Partial<Pick<OperationFacts, 'parameters' | 'body'>>;

const DRY_RUN: Parameter = {
  in: 'query',
  name: 'dry_run',
  schema: { type: 'boolean' },
  description: 'Only tells what would go, as counts by model: in the answer (200), or in the result of the task.',
};

/** Makes the operations of one resource. */
class ResourceOperations {
  readonly #resource: Resource;
  readonly #components: Components;
  readonly #style: DocumentStyle;

  constructor(resource: Resource, components: Components, style: DocumentStyle) {
    this.#resource = resource;
    this.#components = components;
    this.#style = style;
  }

  all(actions: readonly Action[]): PlacedOperation[] {
    const { operations } = this.#resource;
    return [
      ...(operations.list ? [this.#list()] : []),
      ...(operations.create ? [this.#create(operations.create)] : []),
      ...(operations.read ? [this.#read()] : []),
      ...(operations.update ? this.#updates(operations.update) : []),
      ...(operations.delete ? [this.#delete(operations.delete)] : []),
      ...actions.map((action) => this.#action(action)),
    ];
  }

  #list(): PlacedOperation {
    const { component, fields, description } = this.#resource;
    return this.#collection('list', {
      method: 'get',
      summary: `List ${nounPhrases(this.#resource).many}`,
      description,
      parameters: listParameters(this.#resource),
      responses: { 200: this.#components.paginated(component, fields, description) },
    });
  }

  #create(mode: Mode): PlacedOperation {
    const { createMedia } = this.#resource;
    return this.#collection('create', {
      method: 'post',
      summary: `Create ${nounPhrases(this.#resource).one}`,
      description: createText(mode),
      body: { schema: this.#request(), media: createMedia },
      responses: mode === 'now' ? { 201: this.#response() } : { 202: asyncOperation(this.#components) },
    });
  }

  #read(): PlacedOperation {
    return this.#detail('read', {
      method: 'get',
      summary: `Inspect ${nounPhrases(this.#resource).one}`,
      description: this.#resource.description,
      responses: { 200: this.#detailResponse() },
    });
  }

  #updates(mode: Mode): PlacedOperation[] {
    const { component, fields, description } = this.#resource;
    const responses = { 200: this.#response(), ...(mode !== 'now' && { 202: asyncOperation(this.#components) }) };
    const summary = `Update ${nounPhrases(this.#resource).one}`;
    const patched = this.#components.patched(component, fields, description);
    return [
      this.#detail('update', {
        method: 'put',
        summary,
        description: updateText(mode, false),
        body: { schema: this.#request() },
        responses,
      }),
      this.#detail('partial_update', {
        method: 'patch',
        summary,
        description: updateText(mode, true),
        body: { schema: patched },
        responses,
      }),
    ];
  }

  #delete(mode: Mode): PlacedOperation {
    return this.#detail('delete', {
      method: 'delete',
      summary: `Delete ${nounPhrases(this.#resource).one}`,
      description: deleteText(mode),
      parameters: [DRY_RUN],
      responses: mode === 'now' ? { 204: null } : { 202: asyncOperation(this.#components) },
    });
  }

  #action(action: Action): PlacedOperation {
    const place = action.detail ? detailPath(this.#resource, this.#style) : collectionPath(this.#resource, this.#style);
    return operationObject({
      method: action.method,
      key: place.key + (action.path ?? `${action.name}/`),
      operationId: this.#style.bindings
        ? action.name
        : (action.operationId ?? `${this.#resource.operation}_${action.name}`),
      tag: action.tag ?? this.#resource.tag,
      summary: action.summary,
      description: action.description,
      pathParameters: place.parameters,
      parameters: (action.parameters ?? []) as readonly Parameter[],
      body: action.input && { schema: inputSchema(action.input, this.#components), media: action.media },
      responses: Object.fromEntries(
        Object.entries(action.output).map(([status, output]) => [status, output && this.#output(output, action)]),
      ),
    });
  }

  /** An answer without fields of its own is the resource, the action's input, or a component declared elsewhere. */
  #output(output: { readonly component: string; readonly fields?: Fields }, action: Action): Schema {
    if (output.fields) return this.#components.reference(output.component, output.fields, 'response');
    if (output.component === this.#resource.component) return this.#response();
    if (output.component === action.input?.component) {
      return this.#components.reference(output.component, action.input.fields, 'response');
    }
    return sharedResponse(output.component, this.#components);
  }

  #request(): Schema {
    const { component, fields, description } = this.#resource;
    return this.#components.reference(component, fields, 'request', description);
  }

  #response(): Schema {
    const { component, fields, description } = this.#resource;
    return this.#components.reference(component, fields, 'response', description);
  }

  #detailResponse(): Schema {
    const { detailComponent, detailFields, fields, description } = this.#resource;
    if (!detailComponent) return this.#response();
    return this.#components.reference(detailComponent, { ...fields, ...detailFields }, 'response', description);
  }

  #collection(name: string, part: Part): PlacedOperation {
    return this.#place(name, collectionPath(this.#resource, this.#style), part);
  }

  #detail(name: string, part: Part): PlacedOperation {
    return this.#place(name, detailPath(this.#resource, this.#style), part);
  }

  #place(name: string, place: ReturnType<typeof detailPath>, part: Part): PlacedOperation {
    const { operation, tag, open } = this.#resource;
    const operationId = this.#style.bindings ? name : `${operation}_${name}`;
    return operationObject({ ...part, key: place.key, pathParameters: place.parameters, operationId, tag, open });
  }
}

/** Operations of a resource with the given actions, which include those on labels and roles. */
export function resourceOperations(
  resource: Resource,
  actions: readonly Action[],
  components: Components,
  style: DocumentStyle,
): PlacedOperation[] {
  return new ResourceOperations(resource, components, style).all(actions);
}
