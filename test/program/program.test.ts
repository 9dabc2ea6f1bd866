/** Programs are composed of package types: what is listed without them agrees, and a test brings its own. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { installedMigrations } from '../../src/app/installed-migrations.ts';
import { installedPlugins } from '../../src/app/installed-plugins.ts';
import { installedSettings } from '../../src/app/installed-settings.ts';
import { composeProgram } from '../../src/app/program/program.ts';
import { coreMigrations, migrate } from '../../src/db/migrate.ts';
import { sql } from '../../src/db/sql.ts';
import { useApi } from '../support/api.ts';
import { runCommand } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { program } from '../support/program.ts';
import { RunningServer } from '../support/running-server.ts';
import { startServer } from '../support/server.ts';
import { plugins } from './note-plugin.ts';

const module = join(import.meta.dirname, 'note-plugin.ts');
const withNotes = composeProgram([...installedPlugins, ...plugins]);

test('migrations and settings that are listed without the package types are theirs', () => {
  assert.deepEqual(program.migrations, installedMigrations);
  assert.deepEqual(program.settings, installedSettings);
});

test('package types name the tables that their migrations make', async () => {
  const db = await useDatabase({ empty: true });
  const tables = async () =>
    (
      await db.rows<{ name: string }>(
        sql`select relname::text as name from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`,
      )
    ).map(({ name }) => name);
  await migrate(db, [coreMigrations]);
  const applied = [coreMigrations];
  for (const plugin of installedPlugins) {
    const own = program.migrations.filter(({ component }) => component === plugin.name);
    const before = new Set(await tables());
    applied.push(...own);
    await migrate(db, applied);
    const made = (await tables()).filter((name) => !before.has(name));
    assert.deepEqual(made.sort(), [...plugin.contentTypes.map(({ table }) => table), ...(plugin.tables ?? [])].sort());
  }
});

test('a test composes a program of further package types in its own process', async () => {
  const api = await useApi({}, withNotes);
  const { status, body } = await api.call('POST', 'repositories/note/note/', { name: 'notes' });
  assert.equal(status, 201, JSON.stringify(body));
  assert.match(body.pulp_href, /\/repositories\/note\/note\//);
  const shown = await api.call('GET', 'status/');
  assert.ok(shown.body.versions.some(({ component }: { component: string }) => component === 'note'));
  assert.ok((await api.call('GET', 'roles/?name=note.noterepository_owner')).body.count === 1);
});

test('servers of a test have further package types in all their processes', async () => {
  const db = await useDatabase();
  const server = await startServer({ databaseUrl: db.url, settings: { test_tasks: true, test_plugins: module } });
  const running = new RunningServer(server, db);
  const repository = await running.create('repositories/note/note/', {});
  const form = new FormData();
  form.set('title', 'milk');
  form.set('relative_path', 'milk.txt');
  form.set('repository', repository.pulp_href);
  form.set('file', new Blob(['two bottles']), 'milk.txt');
  const { body, status } = await running.call('POST', 'content/note/notes/', form);
  assert.equal(status, 202, JSON.stringify(body));
  assert.equal((await running.ended(body.task)).state, 'completed');
  assert.equal(await running.latest(repository), 1);
  const { task } = (
    await running.call('POST', 'distributions/note/note/', {
      name: 'notes',
      base_path: 'notes',
      repository: repository.pulp_href,
    })
  ).body;
  await running.ended(task);
  const about = await server.fetch('/pulp/content/notes/about');
  assert.equal(await about.text(), 'notes of at most 20 characters');
  assert.equal(await (await server.fetch('/pulp/content/notes/milk.txt')).text(), 'two bottles');
});

test('package types of tests are refused outside tests', async () => {
  const { code, stderr } = await runCommand(['settings', '--test-plugins', module]);
  assert.equal(code, 1);
  assert.match(stderr, /test_plugins is for tests/);
});
