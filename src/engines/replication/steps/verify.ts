/** Everything is here: compares it with what upstream lists, and leaves the rest to the switch. */

import { forgetFetched, markFailed } from '../../../model/replication/item.ts';
import { failuresOf } from '../stage/settle-syncs.ts';
import { verifyFetched } from '../stage/verify-fetched.ts';
import { giveUp } from './give-up.ts';
import { hasSwitch } from './stage-items.ts';
import type { Step } from './step.ts';

export const verify: Step<'verifying'> = async ({ context, parts, upstream, run }, { prepared }) => {
  const wrong = await verifyFetched(context, parts.replicators, upstream, run.id, prepared.plan.items);
  if (wrong.length > 0) {
    await markFailed(context.db, run.id, wrong);
    const keys = wrong.map(({ key }) => key);
    await forgetFetched(context.db, run.id, keys);
    if (upstream.onFailure === 'abort') return giveUp(upstream, await failuresOf(context.db, run.id));
    return { state: 'queued', round: 1 };
  }
  if (!hasSwitch(prepared)) return { state: 'over' };
  return upstream.activate === 'manual' ? { state: 'ready', prepared } : { state: 'switching' };
};
