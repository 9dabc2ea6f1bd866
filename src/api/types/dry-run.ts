/** `dry_run` of deletions: what would go is told and nothing goes. */

import type { Transaction } from '../../db/database.ts';
import { foresee } from '../../db/foresee.ts';
import { countingDeleted } from '../../model/deleted-rows.ts';
import type { Answer, RequestContext } from '../../plugin-api/contracts/context.ts';
import { boolean } from '../../plugin-api/declare/field.ts';

export const dryRunField = boolean({
  default: false,
  hiddenDefault: true,
  required: false,
  help: 'Only tells what would go: nothing is removed.',
});

/** As `?dry_run=true` of a DELETE. */
export function asksForDryRun({ query }: Pick<RequestContext, 'query'>): boolean {
  return /^(true|1|yes|on)$/i.test(query.get('dry_run') ?? '');
}

/** A deletion in the request: 204, or for a dry run 200 with the counts by model. */
export async function deleteNow(request: RequestContext, work: (tx: Transaction) => Promise<unknown>): Promise<Answer> {
  const { services } = request;
  if (asksForDryRun(request)) {
    const { deleted } = await foresee(
      (inside) => services.db.transaction(inside),
      (tx) => countingDeleted(tx, services.models, () => work(tx)),
    );
    return { status: 200, body: deleted };
  }
  await services.db.transaction(work);
  return { status: 204 };
}
