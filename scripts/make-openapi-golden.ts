/**
 * Writes what the parity test compares with: `make-openapi-golden.ts REFERENCE NAME [--only PATTERN] TAG...` keeps the facts of
 * all operations of the tags in REFERENCE (a file) as test/openapi/golden/NAME.json, with `--only` those whose operationId matches.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DocumentLike, type Facts, factsOf } from '../test/openapi/facts.ts';

const golden = join(import.meta.dirname, '..', 'test', 'openapi', 'golden');

/** One operation or component a line, so that changes can be read. */
function lines(facts: Facts): string {
  const part = (entries: object) =>
    Object.entries(entries)
      .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(',\n');
  return `{\n "operations": {\n${part(facts.operations)}\n },\n "components": {\n${part(facts.components)}\n }\n}\n`;
}

function main(): number {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
  const [reference, name, ...tags] = positionals;
  if (!reference || !name || tags.length === 0) {
    process.stderr.write('make-openapi-golden.ts REFERENCE NAME [--only PATTERN] TAG...\n');
    return 2;
  }
  const document = JSON.parse(readFileSync(reference, 'utf8')) as DocumentLike;
  const facts = factsOf(document, ({ id, tag }) => tags.includes(tag) && new RegExp(values.only ?? '').test(id));
  writeFileSync(join(golden, `${name}.json`), lines(facts));
  process.stdout.write(`${name}: ${Object.keys(facts.operations).length} operations\n`);
  return 0;
}

process.exitCode = main();
