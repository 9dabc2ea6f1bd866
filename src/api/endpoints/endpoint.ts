/** An endpoint outside resources: what the document says of it and what answers it. */

import type { ExtraOperation } from '../engine/openapi/extra-operation.ts';
import type { Handler } from '../route-table.ts';

export interface Endpoint extends ExtraOperation {
  readonly handler: Handler;
}
