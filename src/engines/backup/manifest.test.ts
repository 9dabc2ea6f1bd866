/** Manifests that lack a part are refused in words. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findBackup } from './manifest.ts';

const directory = mkdtempSync(join(tmpdir(), 'deckle-manifest-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const file = { path: 'x', size: 1, sha256: 'a' };
const whole = {
  format: 1,
  program: 'deckle',
  started_at: '2026-01-01T00:00:00Z',
  finished_at: '2026-01-01T00:00:00Z',
  database: { ...file, migrations: [], rows: {} },
  files: { ...file, count: 0, bytes: 0, kept: 'here', missing: [] },
  others: [file],
  secrets: true,
};

async function found(manifest: unknown) {
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  return await findBackup(directory);
}

test('a manifest without one of its parts is damaged', async () => {
  assert.equal((await found(whole)).manifest.program, 'deckle');
  for (const key of ['program', 'started_at', 'database', 'files', 'others', 'secrets', 'format'])
    await assert.rejects(found({ ...whole, [key]: undefined }), { name: 'BackupRefused', message: /is damaged/ }, key);
  for (const key of Object.keys(file))
    await assert.rejects(found({ ...whole, database: { ...whole.database, [key]: undefined } }), /is damaged/);
  for (const strange of [null, [], 'text', 7, { ...whole, others: [{}] }])
    await assert.rejects(found(strange), /is damaged/);
  await assert.rejects(found({ ...whole, format: 2 }), /newer program/);
});
