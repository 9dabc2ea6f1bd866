/** `restore --from DIR`: a backup, or the newest of a directory of backups. */
import { restore } from '../../app/storage/restore.ts';
import { lineReport } from '../../engines/backup/progress.ts';
import { type Command, CommandFailed } from '../command.ts';

const command: Command = {
  options: {
    from: { type: 'string', help: 'a backup, or a directory of backups: then the newest' },
    force: { type: 'boolean', help: 'replace what is in the data directory and the database' },
  },
  async run({ settings, options, logger }) {
    const { from } = options;
    if (typeof from !== 'string' || from === '') {
      throw new CommandFailed('Name the backup: deckle restore --from DIR.');
    }
    const report = lineReport((line) => void process.stdout.write(line));
    const lost = await restore(settings, { from, force: options.force === true }, logger, report);
    report.tell(`Restored. Start the server: deckle serve --data ${settings.data}`);
    return lost === 0 ? 0 : 1;
  },
};
export default command;
