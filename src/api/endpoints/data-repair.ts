/** Starts the repair of counters of repository versions under the number clients know it by. */

import { REPAIR_COUNTS } from '../../engines/repository/repair/repair-counts-task.ts';
import { HttpError } from '../../lib/errors.ts';
import type { Answer, RequestContext } from '../../plugin-api/contracts/context.ts';
import { boolean } from '../../plugin-api/declare/field.ts';
import { accepted } from '../../plugin-api/toolkit/accepted.ts';
import { HrefReader } from '../engine/hrefs.ts';
import type { Body } from '../engine/read-body.ts';
import { validateBody } from '../engine/validate-body.ts';
import type { Endpoint } from './endpoint.ts';

const fields = { dry_run: boolean({ default: false, help: 'Only tells what is wrong.' }) };

async function start(request: RequestContext, _params: unknown, body: Body): Promise<Answer> {
  if (!request.user?.isSuperuser) throw new HttpError(403, 'You do not have permission to perform this action.');
  const { models, settings } = request.services;
  const reader = new HrefReader(models, settings);
  const values = await validateBody(fields, body, request, reader);
  const task = await request.dispatch({
    name: REPAIR_COUNTS,
    args: { dry_run: values.dry_run === true },
    exclusive: [`pdrn:${request.domain.pulpId}:datarepair-7272`],
  });
  return accepted(request, task);
}

export const dataRepairEndpoint: Endpoint = {
  method: 'post',
  path: 'datarepair/7272/',
  operationId: 'datarepair_7272_post',
  tag: 'Datarepair: 7272',
  summary: 'Repair counters of repository versions',
  description: 'Starts a task that compares counters of versions with what is in them, and corrects them.',
  input: { component: 'DataRepair7272', fields },
  output: { 202: { component: 'AsyncOperation' } },
  handler: start,
};
