/** Names of projects and files. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { isSafeFilename, packageTypeOf, parseWheelName, pythonVersionOf } from './filename.ts';
import { pythonJson } from './index/python-json.ts';
import { isValidName, normalizeName } from './project-name.ts';

test('project names compare in one form', () => {
  for (const name of ['Friendly-Bard', 'friendly.bard', 'FRIENDLY_bard', 'friendly--bard', 'FrIeNdLy-._.-bArD']) {
    assert.equal(normalizeName(name), 'friendly-bard');
  }
  assert.deepEqual(['a', 'a-b', '-a', 'a/b', '', 'a_'].map(isValidName), [true, true, false, false, false, false]);
});

test('file names tell kind and Python version', () => {
  const cases: [string, string | undefined, string?][] = [
    ['a-1-py3-none-any.whl', 'bdist_wheel', 'py3'],
    ['a-1-2-cp311.py3-none-any.whl', 'bdist_wheel', 'cp311.py3'],
    ['a-1.tar.gz', 'sdist', 'source'],
    ['a-1.zip', 'sdist', 'source'],
    ['shelf_reader-0.1-py2.7.egg', 'bdist_egg', '2.7'],
    ['a-1.win32-py2.7.exe', 'bdist_wininst', '2.7'],
    ['a-1.rpm', undefined],
  ];
  for (const [name, type, python] of cases) {
    assert.equal(packageTypeOf(name), type, name);
    if (type) assert.equal(pythonVersionOf(name, packageTypeOf(name)!), python, name);
  }
});

test('wheel names have five or six parts', () => {
  assert.equal(parseWheelName('a-1-none-any.whl'), undefined);
  assert.equal(parseWheelName('a-1-x-py3-none-any.whl'), undefined);
  assert.equal(parseWheelName('a-1-3b-py3-none-any.whl')?.build, '3b');
});

test('hostile names are refused', () => {
  for (const name of ['', '..', 'a/b.whl', '..\\x.whl', 'a b.whl', 'a\u0000.whl', 'a?.whl', 'x'.repeat(300)])
    assert.equal(isSafeFilename(name), false);
  assert.equal(isSafeFilename('ä-1.tar.gz'), true);
});

test('JSON has the form that digests are taken of', () => {
  assert.equal(
    pythonJson({ b: [1, null, true], a: 'ä"\n😀' }, true),
    '{"a": "\\u00e4\\"\\n\\ud83d\\ude00", "b": [1, null, true]}',
  );
  assert.equal(pythonJson([]), '[]');
});
