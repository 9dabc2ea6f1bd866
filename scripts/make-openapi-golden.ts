/**
 * Writes what the parity test compares with: `make-openapi-golden.ts REFERENCE NAME [--only PATTERN] [TAG...]` keeps the facts
 * of all operations of the tags in REFERENCE (a file) as test/openapi/golden/NAME.json, with `--only` those whose operationId
 * matches, as package types share some tags. Without tags those of the present file are kept, with its pattern.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DocumentLike, type Facts, factsOf } from '../test/openapi/facts.ts';

interface Golden extends Facts {
  /** Pattern of operationIds. */
  readonly only: string;
}

const fileOf = (name: string) => join(import.meta.dirname, '..', 'test', 'openapi', 'golden', `${name}.json`);

/** Tags and pattern of a file that is there. */
function present(name: string): { tags: string[]; only: string } {
  const { only, operations } = JSON.parse(readFileSync(fileOf(name), 'utf8')) as Golden;
  return { tags: [...new Set(Object.values(operations).map(({ tag }) => tag))], only };
}

/** One operation or component a line, so that changes can be read. */
function text({ only, operations, components }: Golden): string {
  const part = (entries: object) =>
    Object.entries(entries)
      .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(',\n');
  return `{\n "only": ${JSON.stringify(only)},\n "operations": {\n${part(operations)}\n },\n "components": {\n${part(components)}\n }\n}\n`;
}

function main(): number {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
  const [reference, name, ...words] = positionals;
  if (!reference || !name) {
    process.stderr.write('make-openapi-golden.ts REFERENCE NAME [--only PATTERN] [TAG...]\n');
    return 2;
  }
  const { tags, only } = words.length > 0 ? { tags: words, only: values.only ?? '' } : present(name);
  const document = JSON.parse(readFileSync(reference, 'utf8')) as DocumentLike;
  const facts = factsOf(document, ({ id, tag }) => tags.includes(tag) && new RegExp(only).test(id));
  writeFileSync(fileOf(name), text({ only, ...facts }));
  process.stdout.write(`${name}: ${Object.keys(facts.operations).length} operations\n`);
  return 0;
}

process.exitCode = main();
