/** `migrate`: brings the schema up to date and sees to what has to be there on a first start. */
import { firstStart } from '../../app/processes/first-start.ts';
import { loadProgram } from '../../app/program/load-program.ts';
import { migrateDatabase, withDatabase } from '../../app/storage/prepare-database.ts';
import { counted } from '../../lib/text/counted.ts';
import type { Command } from '../command.ts';

const command: Command = {
  async run({ settings, logger }) {
    const count = await withDatabase(
      settings,
      logger,
      async (db) => {
        const applied = await migrateDatabase(db, settings, logger);
        await firstStart(db, settings, await loadProgram(settings));
        return applied;
      },
      { makes: true },
    );
    process.stdout.write(count === 0 ? 'The database is up to date.\n' : `Applied ${counted(count, 'migration')}.\n`);
    return 0;
  },
};
export default command;
