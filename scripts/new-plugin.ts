/** `npm run new-plugin NAME [-- --settings] [-- --no-publish]`: the skeleton of a package type, which passes the conformance suite. */
import { parseArgs } from 'node:util';
import { checkName } from './new-plugin/check-name.ts';
import { fillTemplate, namesOf } from './new-plugin/fill-template.ts';
import { install } from './new-plugin/install.ts';

const USAGE = `npm run new-plugin NAME [-- --settings --no-publish]
  NAME          of the folder and the app, in snake_case
  --settings    with settings of its own
  --no-publish  without publications: versions are served as they are
`;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { settings: { type: 'boolean', default: false }, 'no-publish': { type: 'boolean', default: false } },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const refusal = checkName(name);
  if (refusal !== undefined) {
    process.stderr.write(`${name}: ${refusal}\n`);
    return 1;
  }
  const options = { settings: values.settings, publish: !values['no-publish'] };
  const files = fillTemplate(namesOf(name), options);
  const changed = install(namesOf(name), options, files);
  process.stdout.write(
    `${changed.map((file) => `  ${file}\n`).join('')}Next: npm test -- test/conformance/${name}.test.ts\n`,
  );
  if (options.settings) process.stdout.write('      node scripts/settings-page.ts\n');
  return 0;
}

process.exitCode = main();
