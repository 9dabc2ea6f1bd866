/** An endpoint outside resources: what the document says of it and what answers it. */
import type { Handler } from '../api-handler.ts';
import type { ExtraOperation } from '../engine/openapi/extra-operation.ts';

export interface Endpoint extends ExtraOperation {
  readonly handler: Handler;
}
