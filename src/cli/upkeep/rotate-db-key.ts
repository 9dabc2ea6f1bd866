/** `rotate-db-key [--dry-run]`: encrypts all secrets of the database with the first key of the key file. */
import { withServices } from '../../app/operator/with-services.ts';
import { rotateKeys } from '../../engines/backup/rotate-keys.ts';
import type { Command } from '../command.ts';

const command: Command = {
  options: { 'dry-run': { type: 'boolean', help: 'only tell' } },
  async run({ settings, options, logger }) {
    const dryRun = options['dry-run'] === true;
    const { rotated, current, unreadable } = await withServices(settings, logger, ({ db, secrets }) =>
      rotateKeys(db, secrets, dryRun),
    );
    process.stdout.write(
      `${rotated} values ${dryRun ? 'would be ' : ''}encrypted anew, ${current} have the key already.\n`,
    );
    if (unreadable.length === 0) return 0;
    process.stderr.write(
      `${unreadable.length} values of ${[...new Set(unreadable)].join(', ')} cannot be read with any key of the file.\n`,
    );
    return 1;
  },
};
export default command;
