/** `remove-signing-service NAME [--class C]`. */
import { removeSigningService } from '../../app/operator/signing-services.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import { type Command, CommandFailed, optionValue } from '../command.ts';

const command: Command = {
  words: ['NAME'],
  options: { class: { type: 'string', help: 'only when it is of this class' } },
  async run(context) {
    const [name, ...more] = context.words;
    if (!name || more.length > 0) throw new CommandFailed('Name the service.');
    const { settings, logger } = context;
    const ofClass = optionValue(context, 'class');
    await withDatabase(settings, logger, (db) => removeSigningService(db, name, ofClass));
    process.stdout.write(`Successfully removed signing service ${name}.\n`);
    return 0;
  },
};
export default command;
