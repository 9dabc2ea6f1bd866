/** `analyze-publication --publication ID | --distribution-base-path PATH`: where each file of it is stored. */
import { analyzePublication } from '../../app/operator/analyze-publication.ts';
import { withServices } from '../../app/operator/with-services.ts';
import { type Command, CommandFailed, optionValue } from '../command.ts';

const command: Command = {
  options: {
    publication: { type: 'string', help: 'id, href or PRN' },
    'distribution-base-path': { type: 'string', help: 'the publication that is served there' },
    tabular: { type: 'boolean', help: 'in columns' },
  },
  async run(context) {
    const publication = optionValue(context, 'publication');
    const basePath = optionValue(context, 'distribution-base-path');
    if ((publication === undefined) === (basePath === undefined)) {
      throw new CommandFailed('Say either --publication or --distribution-base-path.');
    }
    const wide = context.options.tabular === true;
    await withServices(context.settings, context.logger, async (services) => {
      for await (const { path, stored } of analyzePublication(services, { publication, basePath })) {
        process.stdout.write(
          wide ? `${path.padEnd(60)}  ${stored ?? '-'}\n` : `- ${path}\n  -> ${stored ?? 'only upstream'}\n`,
        );
      }
    });
    return 0;
  },
};
export default command;
