/** An endpoint outside resources: what the document says of it and what answers it. */

import type { ExtraOperation } from '../engine/openapi/extra-operation.ts';
import type { Handler, ViewQuestion } from '../route-table.ts';

export interface Endpoint extends ExtraOperation {
  readonly handler: Handler;
  /** The policy that decides who may, before the body is read; without one whoever has logged in. */
  readonly asks?: ViewQuestion;
}
