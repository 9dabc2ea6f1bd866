/** `clear-cache [--repository …] [--distribution …] [--base-path …] [--domain …]`. */
import { clearCache } from '../../app/operator/clear-cache.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import { type Command, optionValue, optionValues } from '../command.ts';

const command: Command = {
  options: {
    repository: { type: 'string', multiple: true, help: 'name or PRN; those that serve it' },
    distribution: { type: 'string', multiple: true, help: 'name or PRN' },
    'base-path': { type: 'string', multiple: true, help: 'base path of a distribution' },
    domain: { type: 'string', help: 'all of a domain, or the domain of the names' },
  },
  async run(context) {
    const scope = {
      repositories: optionValues(context, 'repository'),
      distributions: optionValues(context, 'distribution'),
      basePaths: optionValues(context, 'base-path'),
      domain: optionValue(context, 'domain'),
    };
    const count = await withDatabase(context.settings, context.logger, (db) => clearCache(db, scope));
    process.stdout.write(`Cache cleared of ${count === undefined ? 'everything' : `${count} distributions`}.\n`);
    return 0;
  },
};
export default command;
