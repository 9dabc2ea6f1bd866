/** `remove-plugin NAME`. */
import { removePlugin } from '../../app/operator/remove-plugin.ts';
import { loadProgram } from '../../app/program/load-program.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import { type Command, CommandFailed } from '../command.ts';

const command: Command = {
  words: ['NAME'],
  async run({ settings, words, logger }) {
    const [name] = words;
    if (name === undefined) throw new CommandFailed('Name a package type: remove-plugin NAME.');
    const removed = await withDatabase(settings, logger, async (db) =>
      removePlugin(db, await loadProgram(settings), name),
    );
    const counts = Object.entries(removed).map(([table, count]) => `${table} ${count}`);
    process.stdout.write(`Removed ${counts.join(', ')}. Orphaned artifacts go with the next clean-up.\n`);
    return 0;
  },
};
export default command;
