/** `list-signing-services`: their names, one a line. */
import { signingServiceNames } from '../../app/operator/signing-services.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import type { Command } from '../command.ts';

const command: Command = {
  async run({ settings, logger }) {
    const names = await withDatabase(settings, logger, (db) => signingServiceNames(db));
    process.stdout.write(names.map((name) => `${name}\n`).join(''));
    return 0;
  },
};
export default command;
