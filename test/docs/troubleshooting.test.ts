/** Messages that the page on troubleshooting explains are those of the program. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

const root = join(import.meta.dirname, '..', '..');

/** First cells that are a message of the server: those of clients say whose they are, symptoms are told in words. */
function messages(): string[] {
  const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
  return [...page.matchAll(/^\| (?:\d+ )?`([^`]+)` \|/gm)].map(([, message]) => message!);
}

test('explained messages are in the sources', () => {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  const sources = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const explained = messages();
  assert.ok(explained.length >= 14);
  for (const message of explained) {
    for (const part of message.split('…').map((text) => text.trim())) {
      assert.ok(
        sources.includes(part) || sources.includes(part.replaceAll("'", "\\'")),
        `${message}: no source says ${part}`,
      );
    }
  }
});
