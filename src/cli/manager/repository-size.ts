/** `repository-size`: prints a JSON list. */
import { repositorySizes } from '../../app/operator/repository-size.ts';
import { withServices } from '../../app/operator/with-services.ts';
import { type Command, CommandFailed, optionValue, optionValues } from '../command.ts';

const command: Command = {
  options: {
    repositories: { type: 'string', multiple: true, help: 'hrefs, separated by commas; all unless told' },
    domain: { type: 'string', help: 'only those of a domain' },
    'include-versions': { type: 'boolean', help: 'each version too' },
    'include-on-demand': { type: 'boolean', help: 'files that are only upstream too' },
  },
  async run(context) {
    const repositories = optionValues(context, 'repositories').flatMap((text) => text.split(',').filter(Boolean));
    const domain = optionValue(context, 'domain');
    if (domain !== undefined && repositories.length > 0)
      throw new CommandFailed('Say either --repositories or --domain.');
    const request = {
      repositories,
      domain,
      includeVersions: context.options['include-versions'] === true,
      includeOnDemand: context.options['include-on-demand'] === true,
    };
    const sizes = await withServices(context.settings, context.logger, (services) =>
      repositorySizes(services, request),
    );
    process.stdout.write(`${JSON.stringify(sizes)}\n`);
    return 0;
  },
};
export default command;
