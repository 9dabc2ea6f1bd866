/** `list-signing-services`: their names, one a line. */
import { signingServiceNames } from '../../app/operator/signing-services.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import type { Command } from '../command.ts';

const command: Command = {
  name: 'list-signing-services',
  summary: 'list the names of signing services',
  async run({ settings, logger }) {
    const names = await withDatabase(settings, logger, (db) => signingServiceNames(db));
    process.stdout.write(names.map((name) => `${name}\n`).join(''));
    return 0;
  },
};
export default command;
