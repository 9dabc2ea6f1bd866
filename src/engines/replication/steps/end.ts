/** The ends of a run before its switch: nothing to do, ready for whoever activates it, or stopped with the reason. */

import { wordsOf } from '../../../db/errors.ts';
import { changeRun, endRun } from '../../../model/replication/run.ts';
import { type ItemRow, writeItems } from '../run/items.ts';
import { conflictsFound } from '../run/report.ts';
import type { Step } from './step.ts';

export const end: Step<'over'> = async ({ context, run }) => {
  await context.write((tx) => endRun(tx, context.domain.id, run));
  return undefined;
};

export const makeReady: Step<'ready'> = async ({ context, run }, { prepared }) => {
  await changeRun(context.db, run.id, { state: 'ready', summary: prepared.plan.summary });
  return undefined;
};

/** Nothing was written but the run itself. */
export const block: Step<'blocked'> = async ({ context, run, upstream }, { prepared: { plan } }) => {
  const rows: ItemRow[] = plan.items
    .filter(({ act }) => act !== 'unchanged')
    .map((item) => ({ item, state: item.act === 'conflict' ? 'conflict' : 'planned', target: {} }));
  const { conflicts, summary } = plan;
  const error = conflictsFound(upstream.name, conflicts);
  await context.write(async (tx) => {
    await writeItems(tx, run.id, rows);
    await changeRun(tx, run.id, { state: 'blocked', summary, error: { message: error.message, conflicts } });
  });
  throw error;
};

export const fail: Step<'failed'> = async ({ context, run }, { error, details }) => {
  await changeRun(context.db, run.id, { state: 'failed', error: { message: wordsOf(error), ...details } });
  throw error;
};
