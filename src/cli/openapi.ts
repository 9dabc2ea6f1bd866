/** `openapi`: prints the document of the API as it is served, without a running server. */
import { VerifiedPasswords } from '../access/verified-passwords.ts';
import { buildDocument } from '../api/engine/openapi/build-document.ts';
import { documentJson, documentYaml } from '../api/engine/openapi/serialize-document.ts';
import { apiEndpoints, documentOptions } from '../app/api.ts';
import { allResources } from '../app/resources.ts';
import { type Command, CommandFailed } from './command.ts';

const command: Command = {
  name: 'openapi',
  summary: 'print the OpenAPI document of the API',
  options: {
    yaml: { type: 'boolean', help: 'print YAML instead of JSON' },
    component: { type: 'string', help: 'only operations of this package type, or of core' },
    bindings: { type: 'boolean', help: 'short operationIds, for generators of clients' },
    'pk-path': { type: 'boolean', help: 'paths as they are requested, instead of names of hrefs' },
    domains: { type: 'boolean', help: 'as if domains were enabled' },
  },
  async run({ settings, options }) {
    const { apiRoot } = settings;
    const api = { apiRoot, domainEnabled: settings.domainEnabled || options.domains === true };
    const { component } = options;
    const source = documentOptions(api);
    if (typeof component === 'string' && !Object.hasOwn(source.versions, component)) {
      throw new CommandFailed(
        `there is no component ${component}; it can be one of ${Object.keys(source.versions).join(', ')}`,
      );
    }
    const document = buildDocument(allResources(), apiEndpoints(new VerifiedPasswords(), api), {
      ...source,
      bindings: options.bindings === true,
      pkPath: options['pk-path'] === true,
      ...(typeof component === 'string' && { component }),
    });
    process.stdout.write(options.yaml === true ? documentYaml(document) : `${documentJson(document, 1)}\n`);
    return 0;
  },
};
export default command;
