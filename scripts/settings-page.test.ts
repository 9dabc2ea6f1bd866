import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { installedSettings } from '../src/app/installed-settings.ts';
import { settingsFile, settingsPage } from './settings-page.ts';

test('docs/settings.md is as scripts/settings-page.ts makes it, and has every setting', () => {
  const page = readFileSync(settingsFile, 'utf8');
  assert.equal(page, settingsPage(), 'run: node scripts/settings-page.ts');
  assert.deepEqual(
    Object.keys(installedSettings).filter((name) => !page.includes(`\n| \`${name}\` |`)),
    [],
  );
});
