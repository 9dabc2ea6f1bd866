/** Runs the conformance suite for a package type: `await checkPlugin(description)` is all that its test file has to say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { useDatabase } from '../support/database.ts';
import { startServer } from '../support/server.ts';
import { cleanUpChapter } from './chapters/clean-up.ts';
import { deathsChapter } from './chapters/deaths.ts';
import { documentChapter } from './chapters/document.ts';
import { domainsChapter } from './chapters/domains.ts';
import { modifyChapter } from './chapters/modify.ts';
import { policiesChapter } from './chapters/policies.ts';
import { publishChapter } from './chapters/publish.ts';
import { replicateChapter } from './chapters/replicate.ts';
import { rightsChapter } from './chapters/rights.ts';
import { serveChapter } from './chapters/serve.ts';
import { syncChapter } from './chapters/sync.ts';
import { uploadChapter } from './chapters/upload.ts';
import type { PluginConformance } from './plugin-conformance.ts';
import { type Chapter, Suite } from './suite.ts';

const CHAPTERS: readonly Chapter[] = [
  syncChapter,
  policiesChapter,
  uploadChapter,
  modifyChapter,
  publishChapter,
  serveChapter,
  domainsChapter,
  rightsChapter,
  documentChapter,
  replicateChapter,
  cleanUpChapter,
  deathsChapter,
];

/** Starts one server for all chapters; each test has domains of its own on it. */
export async function checkPlugin(description: PluginConformance): Promise<void> {
  const exchange = mkdtempSync(join(tmpdir(), 'deckle-conformance-'));
  after(() => rmSync(exchange, { recursive: true, force: true }));
  const db = await useDatabase();
  const server = await startServer({
    databaseUrl: db.url,
    settings: {
      domain_enabled: true,
      log_level: 'error',
      access_log: false,
      // A killed worker is given up after this many seconds.
      worker_ttl: 4,
      allowed_export_paths: [exchange],
      allowed_import_paths: [exchange],
    },
  });
  const suite = new Suite(description, server, db, exchange);
  for (const chapter of CHAPTERS) chapter(suite);
}
