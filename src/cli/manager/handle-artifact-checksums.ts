/** `handle-artifact-checksums [--report [--checksums a,b]]`. */
import { handleChecksums, reportChecksums } from '../../app/operator/artifact-checksums.ts';
import { withServices } from '../../app/operator/with-services.ts';
import { DIGEST_NAMES, type DigestName, isDigestName } from '../../lib/crypto/digest.ts';
import { type Command, CommandFailed, optionValue } from '../command.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

const command: Command = {
  options: {
    report: {
      type: 'boolean',
      help: 'only tell which versions hold files that upstream offers without allowed digests',
    },
    checksums: { type: 'string', help: 'digests to report on, separated by commas; the allowed ones unless told' },
  },
  async run(context) {
    const { settings, logger, options } = context;
    const named = optionValue(context, 'checksums');
    if (named !== undefined && options.report !== true) throw new CommandFailed('--checksums goes with --report.');
    const names = named === undefined ? settings.allowedContentChecksums : digestNames(named);
    return await withServices(settings, logger, async (services) => {
      if (options.report !== true) return tellHandled(await handleChecksums(services));
      const unfit = await reportChecksums(services.db, names);
      for (const { repository, versions, files } of unfit) {
        print(`${repository}: versions ${versions.join(', ')} have ${files} files without ${names.join(', ')}`);
      }
      if (unfit.length === 0) print('All files can be checked.');
      return 0;
    });
  },
};
export default command;

function digestNames(text: string): DigestName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !isDigestName(name));
  if (unknown.length === 0) return names as DigestName[];
  throw new CommandFailed(`There is no checksum ${unknown.join(', ')}; there are ${DIGEST_NAMES.join(', ')}.`);
}

function tellHandled({ completed, stripped, unusable }: Awaited<ReturnType<typeof handleChecksums>>): number {
  print(`${completed} artifacts got missing checksums, ${stripped} lost some that are not allowed.`);
  if (unusable.length === 0) return 0;
  print(`${unusable.length} artifacts are missing or damaged, such as ${unusable[0]}. See repair/ of the API.`);
  return 1;
}
