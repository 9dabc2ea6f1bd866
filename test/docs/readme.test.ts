/** The table of package types in README.md: all that are there, those to come, and the versions of clients that e2e runs. */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const installed = readdirSync(join(root, 'src/plugins'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('every package type has a row', () => {
  const rows = [...readme.matchAll(/^\| `([\w-]+)` \|.*\|.*\|$/gm)].map(([, name]) => name!);
  assert.deepEqual(rows.sort(), installed.sort());
});

test('those that are specified and not there are planned', () => {
  const specified = readdirSync(join(root, 'docs/spec/plugins')).map((page) => page.replace('.md', ''));
  const sentence = /^Planned are ([^.]*)\./m.exec(readme)![1]!;
  const planned = [...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
  assert.deepEqual(planned.sort(), specified.filter((name) => !installed.includes(name)).sort());
});

test('clients are named with the versions of the tests that run them', () => {
  const lists = globSync('e2e/*.txt', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
  const versions = new Map([...lists.join('\n').matchAll(/^([\w-]+)==(\S+)$/gm)].map(([, name, at]) => [name!, at!]));
  const named = [...readme.matchAll(/([\w-]+)(?: and [\w-]+)? (\d+(?:\.\d+)+)/g)].filter(([, name]) =>
    versions.has(name!),
  );
  assert.ok(named.length >= 6);
  for (const [, name, version] of named) assert.equal(version, versions.get(name!), name);
});
