/** `openapi`: prints the document of the API as it is served, without a running server. */
import { writeFile } from 'node:fs/promises';
import { apiDocument, documentComponents } from '../app/program/api-document.ts';
import { loadProgram } from '../app/program/load-program.ts';
import { type Command, CommandFailed } from './command.ts';

const command: Command = {
  options: {
    yaml: { type: 'boolean', help: 'print YAML instead of JSON' },
    component: { type: 'string', help: 'only operations of this package type, or of core' },
    bindings: { type: 'boolean', help: 'short operationIds, for generators of clients' },
    'pk-path': { type: 'boolean', help: 'paths as they are requested, instead of names of hrefs' },
    format: { type: 'string', help: 'openapi (YAML) or openapi-json; JSON unless told' },
    file: { type: 'string', help: 'write to this file instead of printing' },
    domains: { type: 'boolean', help: 'as if domains were enabled' },
  },
  async run({ settings, options }) {
    const { component } = options;
    const program = await loadProgram(settings);
    const components = documentComponents(program);
    if (typeof component === 'string' && !components.includes(component)) {
      throw new CommandFailed(`no component is called ${component}; there are ${components.join(', ')}`);
    }
    const domainEnabled = settings.domainEnabled || options.domains === true;
    const text = apiDocument(
      program,
      { apiRoot: settings.apiRoot, domainEnabled },
      {
        form: options.yaml === true || options.format === 'openapi' ? 'yaml' : 'json',
        bindings: options.bindings === true,
        pkPath: options['pk-path'] === true,
        ...(typeof component === 'string' && { only: [component] }),
      },
    );
    if (typeof options.file === 'string') await writeFile(options.file, text);
    else process.stdout.write(text);
    return 0;
  },
};
export default command;
