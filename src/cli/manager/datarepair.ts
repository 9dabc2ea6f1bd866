/** `datarepair ISSUE [--dry-run]`. */
import { repairableIssues, repairData } from '../../app/operator/data-repair.ts';
import { withServices } from '../../app/operator/with-services.ts';
import { type Command, CommandFailed } from '../command.ts';

const command: Command = {
  words: ['ISSUE'],
  options: { 'dry-run': { type: 'boolean', help: 'only tell' } },
  async run({ settings, options, words, logger }) {
    const [issue] = words;
    if (issue === undefined) {
      throw new CommandFailed(`Name what to repair: deckle datarepair ISSUE, one of ${repairableIssues().join(', ')}.`);
    }
    const { found, repaired, text } = await withServices(settings, logger, (services) =>
      repairData(services, issue, options['dry-run'] === true),
    );
    process.stdout.write(`${found} ${text}; ${repaired} repaired.\n`);
    return 0;
  },
};
export default command;
