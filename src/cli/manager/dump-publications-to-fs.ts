/** `dump-publications-to-fs DEST`: writes published trees to a directory. */
import { type DumpMethod, dumpMethods, dumpPublications } from '../../app/operator/dump-publications.ts';
import { withServices } from '../../app/operator/with-services.ts';
import { type Command, CommandFailed, optionValue } from '../command.ts';

const command: Command = {
  words: ['DEST'],
  options: {
    publication: { type: 'string', help: 'only this one, straight into the directory' },
    'distribution-path-prefix': { type: 'string', help: 'only distributions whose base path begins so' },
    type: { type: 'string', help: 'only publications of a type such as file.file' },
    method: { type: 'string', help: 'write, hardlink or symlink; write unless told' },
    'dry-run': { type: 'boolean', help: 'only tell' },
    'allow-incomplete': { type: 'boolean', help: 'leave out files that are not stored here' },
    'allow-dirty': { type: 'boolean', help: 'write into directories that are not empty' },
  },
  async run(context) {
    const [destination] = context.words;
    if (destination === undefined) throw new CommandFailed('Name a directory: dump-publications-to-fs DEST.');
    const method = optionValue(context, 'method') ?? 'write';
    if (!dumpMethods.includes(method as DumpMethod))
      throw new CommandFailed(`--method is one of ${dumpMethods.join(', ')}.`);
    const flag = (name: string) => context.options[name] === true;
    const request = {
      destination,
      publication: optionValue(context, 'publication'),
      pathPrefix: optionValue(context, 'distribution-path-prefix') ?? '',
      type: optionValue(context, 'type'),
      method: method as DumpMethod,
      dryRun: flag('dry-run'),
      allowIncomplete: flag('allow-incomplete'),
      allowDirty: flag('allow-dirty'),
    };
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    const count = await withServices(context.settings, context.logger, (services) =>
      dumpPublications(services, request, print),
    );
    print(`${count} files ${request.dryRun ? 'would be ' : ''}written.`);
    return 0;
  },
};
export default command;
