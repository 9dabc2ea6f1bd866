/** `move-storage --to s3|filesystem`: copies all artifacts into the other storage while the server runs. */
import { moveStorage } from '../../app/storage/move-storage.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import { lineReport, sizeText } from '../../engines/backup/progress.ts';
import { type Command, CommandFailed } from '../command.ts';

const command: Command = {
  options: {
    to: { type: 'string', help: 's3 or filesystem' },
    remove: {
      type: 'boolean',
      help: 'remove from the old storage what the new one has: when all processes use the new one',
    },
  },
  async run({ settings, options, logger }) {
    const { to } = options;
    if (to !== 's3' && to !== 'filesystem') throw new CommandFailed('Say where: --to s3 or --to filesystem.');
    const remove = options.remove === true;
    if (remove && settings.storage !== to) {
      throw new CommandFailed(
        `Files may only be removed when the server uses the new storage: set storage to ${to} first.`,
      );
    }
    const report = lineReport((line) => void process.stdout.write(line));
    const moved = await withDatabase(settings, logger, (db) => moveStorage(settings, db, { to, remove }, report));
    report.tell(
      `${moved.copied} files copied (${sizeText(moved.bytes)}), ${moved.present} were there, ${moved.removed} removed from the old storage.`,
    );
    if (moved.lost.length === 0) return 0;
    report.tell(
      `WARNING: ${moved.lost.length} files are missing or damaged, such as ${moved.lost[0]}. See repair/ of the API.`,
    );
    return 1;
  },
};
export default command;
