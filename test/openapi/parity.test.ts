/** The document of the server compared with the reference: nothing missing, nothing of another type, for each tag that is claimed. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { apiDocument } from '../../src/app/program/api-document.ts';
import { program } from '../support/program.ts';
import { accepted, claimed } from './accepted.ts';
import { type Comparison, compare } from './compare.ts';
import { type DocumentLike, type Facts, factsOf } from './facts.ts';

const golden = globSync('golden/*.json', { cwd: import.meta.dirname }).sort();

/** As clients get it: written and read back. */
function documentOf(domainEnabled: boolean): DocumentLike {
  return JSON.parse(apiDocument(program, { apiRoot: '/pulp/', domainEnabled }, { form: 'json' })) as DocumentLike;
}

/** What is claimed, and what is told beyond the reference. */
function report(comparison: Comparison, t: TestContext): void {
  for (const [tag, { expected, equal }] of [...comparison.tags].sort())
    t.diagnostic(`${tag}: ${equal} of ${expected} alike`);
  for (const addition of comparison.additions) t.diagnostic(`addition: ${addition}`);
}

suite('OpenAPI parity', () => {
  const document = documentOf(false);
  const actual = factsOf(document);

  for (const file of golden) {
    test(basename(file, '.json'), (t) => {
      const expected = JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as Facts;
      const comparison = compare(expected, actual);
      report(comparison, t);
      const problems = comparison.problems.filter(
        (problem) => !accepted.some(({ place }) => problem.startsWith(place)),
      );
      assert.deepEqual(problems, []);
      const lost = (claimed[basename(file, '.json')] ?? []).filter((tag) => !comparison.tags.has(tag));
      assert.deepEqual(lost, [], 'tags that were claimed before');
    });
  }

  test('every component that is named is there', () => {
    const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/([\w.-]+)"/g)].map(
      (match) => match[1]!,
    );
    assert.deepEqual(
      [...new Set(names)].filter((name) => !(name in document.components.schemas)),
      [],
    );
  });

  test('with domains the same, below the name of the domain', () => {
    const inDomains = factsOf(documentOf(true));
    const keys = Object.keys(inDomains.operations);
    assert.deepEqual(
      keys.map((key) => key.replace('{pulp_domain}/', '')).sort(),
      Object.keys(actual.operations).sort(),
    );
    const named = keys.filter((key) => key.includes('{pulp_domain}'));
    assert.ok(named.length > 10);
    for (const key of named)
      assert.equal(inDomains.operations[key]!.parameters.pulp_domain, 'path string required', key);
    assert.deepEqual(inDomains.components, actual.components);
  });

  test('operationIds are unique', () => {
    const ids = Object.values(actual.operations).map((operation) => operation.id);
    assert.deepEqual(
      ids.filter((id, at) => ids.indexOf(id) !== at),
      [],
    );
  });
});
