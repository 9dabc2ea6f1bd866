/** Runs of one upstream, and of those that share its owner_key, stage one after the other: a new one waits for its turn. */
import { stagingAlready } from '../run/runs-under-way.ts';
import type { Step } from './step.ts';

export const takeTurn: Step<'queued'> = async ({ context, upstream, run, round }) => {
  const after = run.state === 'planned' ? await stagingAlready(context.db, upstream, run.id) : [];
  return after.length > 0 ? { state: 'queued', round, after } : { state: 'planning' };
};
