/** `backup --to DIR` and `backup verify DIR`. */
import { backUp, verify } from '../../app/storage/backup.ts';
import { lineReport } from '../../engines/backup/progress.ts';
import { type Command, type CommandContext, CommandFailed } from '../command.ts';

const print = (line: string) => void process.stdout.write(line);

const command: Command = {
  words: ['[verify', 'DIR]'],
  options: {
    to: {
      type: 'string',
      help: 'directory of backups; each gets one of its own in it and shares files with the one before',
    },
    'without-secrets': { type: 'boolean', help: 'leave out keys, and passwords in settings' },
    'files-stay': {
      type: 'boolean',
      help: 'do not copy stored files, only list them: for object stores with copies of their own',
    },
  },
  async run(context) {
    const [verb, directory, ...more] = context.words;
    if (verb === undefined) return await make(context);
    if (verb !== 'verify' || directory === undefined || more.length > 0) {
      throw new CommandFailed('Say either deckle backup --to DIR or deckle backup verify DIR.');
    }
    const { path, problems } = await verify(context.settings, directory, lineReport(print));
    for (const problem of problems) print(`DAMAGED: ${problem}\n`);
    print(problems.length === 0 ? `${path} is whole.\n` : `${path} is damaged.\n`);
    return problems.length === 0 ? 0 : 1;
  },
};
export default command;

async function make({ loaded, options, logger }: CommandContext): Promise<number> {
  const { to } = options;
  if (typeof to !== 'string' || to === '' || !loaded) {
    throw new CommandFailed('Name a directory for backups: deckle backup --to DIR.');
  }
  const choice = {
    directory: to,
    secrets: options['without-secrets'] !== true,
    copyFiles: options['files-stay'] !== true,
  };
  const { path } = await backUp(loaded, choice, logger, lineReport(print));
  print(`Backup finished: ${path}\n`);
  return 0;
}
