/** Which versions specifiers allow (examples of PEP 440), and what requirements are. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { InvalidRequirement, parseRequirement } from './requirement.ts';
import { allowsVersion, parseSpecifiers } from './specifier.ts';
import { parseVersion } from './version.ts';

const allows = (specifier: string, version: string, prereleases = true) =>
  allowsVersion(parseSpecifiers(specifier)!, parseVersion(version)!, prereleases);

test('clauses', () => {
  const cases: [string, string, boolean][] = [
    ['==1.1', '1.1', true],
    ['==1.1', '1.1.0', true],
    ['==1.1', '1.1.post1', false],
    ['==1.1', '1.1+local', true],
    ['==1.1+a', '1.1', false],
    ['==1.1.*', '1.1a1', true],
    ['==1.1.*', '1.1.2', true],
    ['==1.1.*', '1.10', false],
    ['==1.1.0.*', '1.1', true],
    ['!=1.1', '1.1.post1', true],
    ['!=1.1.*', '1.1.post1', false],
    ['~=2.2', '2.9', true],
    ['~=2.2', '3.0', false],
    ['~=2.2.1', '2.3', false],
    ['~=2.2.post3', '2.3', true],
    ['>=1.0,<2', '1.5', true],
    ['<1.0', '1.0rc1', false],
    ['<1.0rc2', '1.0rc1', true],
    ['>1.7', '1.7.0.post1', false],
    ['>1.7.post2', '1.7.post3', true],
    ['>1.7', '1.7+x', false],
    ['<=1.0', '1.0+x', true],
    ['===1.0-x', '1.0', false],
    ['', '1.0', true],
  ];
  for (const [specifier, version, expected] of cases)
    assert.equal(allows(specifier, version), expected, `${specifier} ${version}`);
});

test('prereleases only where they are asked for or named', () => {
  assert.equal(allows('>=1.0', '2.0b1', false), false);
  assert.equal(allows('>=2.0b1', '2.0b2', false), true);
});

test('malformed specifiers', () => {
  for (const text of ['1.0', '=>1', '~=1', '>=1.0.*', '>=1+local', '==x'])
    assert.equal(parseSpecifiers(text), undefined, text);
});

test('requirements', () => {
  const found = parseRequirement('Foo.Bar [a, b] (>=1,<2) ; python_version < "3"');
  assert.deepEqual([found.name, found.normalized, found.specifierText], ['Foo.Bar', 'foo-bar', '>=1,<2']);
  for (const text of ['', '>=1', 'a b', 'a>=', '-x'])
    assert.throws(() => parseRequirement(text), InvalidRequirement, text);
});
