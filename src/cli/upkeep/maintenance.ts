/** `maintenance on|off|status`. */
import { maintenanceSince, setMaintenance } from '../../app/operator/maintenance-mode.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import { type Command, CommandFailed } from '../command.ts';

const command: Command = {
  words: ['on|off|status'],
  async run({ settings, words, logger }) {
    const [word] = words;
    if (word !== 'on' && word !== 'off' && word !== 'status')
      throw new CommandFailed('Say maintenance on, off or status.');
    const since = await withDatabase(settings, logger, async (db) => {
      if (word !== 'status') await setMaintenance(db, word === 'on');
      return await maintenanceSince(db);
    });
    process.stdout.write(since === null ? 'Maintenance is off.\n' : `Maintenance is on since ${since}.\n`);
    return 0;
  },
};
export default command;
