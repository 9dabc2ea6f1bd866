/** Puts away the repositories and remotes that a switch has left without use. */

import { deleteRemotes, putAway, type Stores } from '../../../model/replication/kept-stores.ts';
import type { TaskFunction } from '../../../plugin-api/contracts/task.ts';
import { CLEAN_UP } from '../run/run-tasks.ts';

export const cleanUpTask: TaskFunction = {
  name: CLEAN_UP,
  async run(context, { repositories, remotes }: Stores) {
    for (const id of repositories) await context.write((tx) => putAway(tx, id));
    await context.write((tx) => deleteRemotes(tx, remotes));
  },
};
