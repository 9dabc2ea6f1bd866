/** `cancel-unfinished`: after a restore by other means than ours, before any process is started. */
import { cancelAll } from '../../app/operator/cancel-all.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import type { Command } from '../command.ts';

const command: Command = {
  async run({ settings, logger }) {
    const count = await withDatabase(settings, logger, cancelAll);
    process.stdout.write(`${count} tasks canceled.\n`);
    return 0;
  },
};
export default command;
