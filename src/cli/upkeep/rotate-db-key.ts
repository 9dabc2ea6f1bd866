/** `rotate-db-key [--dry-run] [--accept-loss]`: encrypts all secrets of the database with the first key of the key file. */
import { withServices } from '../../app/operator/with-services.ts';
import { acceptKeys } from '../../app/storage/encryption-key.ts';
import { requireMigrated, withDatabase } from '../../app/storage/prepare-database.ts';
import { rotateKeys } from '../../engines/backup/rotate-keys.ts';
import type { Command } from '../command.ts';

const command: Command = {
  options: {
    'dry-run': { type: 'boolean', help: 'only tell' },
    'accept-loss': {
      type: 'boolean',
      help: 'go on without the keys that are lost: what they encrypted has to be set anew',
    },
  },
  async run({ settings, options, logger }) {
    const dryRun = options['dry-run'] === true;
    const acceptLoss = options['accept-loss'] === true;
    if (acceptLoss && !dryRun)
      await withDatabase(settings, logger, async (db) => {
        await requireMigrated(db, settings);
        await acceptKeys(settings, db);
      });
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
    return acceptLoss && !dryRun ? 0 : 1;
  },
};
export default command;
