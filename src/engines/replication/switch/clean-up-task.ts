/** Puts away the repositories and remotes that a switch has left without use. */
import type { TaskFunction } from '../../../plugin-api/contracts/task.ts';
import { CLEAN_UP } from '../run/run-tasks.ts';
import { deleteRemotes, putAway, type Stores } from './keep-for-rollback.ts';

export const cleanUpTask: TaskFunction = {
  name: CLEAN_UP,
  async run(context, { repositories, remotes }: Stores) {
    for (const id of repositories) await context.write((tx) => putAway(tx, id));
    await context.write((tx) => deleteRemotes(tx, remotes));
  },
};
