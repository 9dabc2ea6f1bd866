/** `add-signing-service NAME SCRIPT KEY [--class C] [--home DIR] [--keyring FILE]`. */
import { addSigningService, USUAL_CLASS } from '../../app/operator/signing-services.ts';
import { loadProgram } from '../../app/program/load-program.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import { type Command, CommandFailed, optionValue } from '../command.ts';

const command: Command = {
  words: ['NAME', 'SCRIPT', 'KEY'],
  options: {
    class: { type: 'string', help: `what it makes; ${USUAL_CLASS} unless told` },
    backend: { type: 'string', help: 'gpg: where the public key is taken from' },
    home: { type: 'string', help: 'directory of gpg with the public key' },
    gnupghome: { type: 'string', help: 'former name of --home', hidden: true },
    keyring: { type: 'string', help: 'file with the public key' },
  },
  async run(context) {
    const [name, script, key, ...more] = context.words;
    if (!name || !script || !key || more.length > 0) {
      throw new CommandFailed('Name the service, the path of its script and the id or fingerprint of its key.');
    }
    const backend = optionValue(context, 'backend') ?? 'gpg';
    if (backend !== 'gpg') throw new CommandFailed(`Keys are read with gpg only, not with ${backend}.`);
    const given = {
      name,
      script,
      key,
      class: optionValue(context, 'class'),
      home: optionValue(context, 'home') ?? optionValue(context, 'gnupghome'),
      keyring: optionValue(context, 'keyring'),
    };
    const { settings, logger } = context;
    const added = await withDatabase(settings, logger, async (db) =>
      addSigningService(db, await loadProgram(settings), given),
    );
    process.stdout.write(`Successfully added signing service ${name} for key ${added}.\n`);
    return 0;
  },
};
export default command;
