/** Tests of the commands as an operator types them. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { useDatabase } from '../support/database.ts';
import { makeDataDirectory, startServer } from '../support/server.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

function deckle(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  return { status, stdout, stderr };
}

test('help and mistakes', () => {
  assert.match(deckle(['--help']).stdout, /serve +run the whole server/);
  assert.match(deckle(['help', 'settings']).stdout, /worker_ttl \(integer\) .* \[30\]/);
  assert.match(deckle(['worker', '--help']).stdout, /deckle worker \[options\]/);
  assert.deepEqual([deckle([]).status, deckle(['--help']).status], [2, 0]);
  const unknown = deckle(['dance']);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /^There is no command dance\. Commands: serve, /);
  assert.equal(deckle(['serve', '--nonsense=1']).stderr, "Unknown option '--nonsense'. See: deckle serve --help\n");
  assert.equal(deckle(['sevre']).stderr, 'There is no command sevre. Did you mean serve? See: deckle help\n');
  assert.equal(
    deckle(['serve', '--workers', '-1']).stderr,
    'Option --workers needs a value; one that begins with a dash is written --workers=VALUE. See: deckle serve --help\n',
  );
  assert.match(deckle(['datarepair']).stderr, /one of counts, files, /);
  const misspelt = join(makeDataDirectory(), 'misspelt');
  assert.match(
    deckle(['backup', '--data', misspelt, '--to', makeDataDirectory()]).stderr,
    /^There is no database in \S+misspelt\. /,
  );
  assert.ok(!existsSync(misspelt));
  assert.match(deckle(['serve', 'extra']).stderr, /serve does not take "extra"/);
});

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(main, '../../package.json'), 'utf8'));
  for (const words of [['--version'], ['version']]) {
    assert.deepEqual(deckle(words), { status: 0, stdout: `deckle ${version}\n`, stderr: '' });
  }
});

test('settings shows values and sources and hides secrets', () => {
  const env = { PULP_WORKER_TTL: '77', DECKLE_ADMIN_PASSWORD: 'hush', PULP_REMOTE_DEFAULTS__proxy_password: 'hush' };
  const { stdout, status } = deckle(['settings', '--workers', '5', '--no-access-log'], env);
  assert.equal(status, 0);
  assert.match(stdout, /^worker_ttl = 77 {2}# environment PULP_WORKER_TTL$/m);
  assert.match(stdout, /^workers = 5 {2}# option --workers$/m);
  assert.match(stdout, /^access_log = false {2}# option --access-log$/m);
  assert.match(stdout, /^admin_password = "\*\*\*"/m);
  assert.ok(!stdout.includes('hush'));
  const json = JSON.parse(deckle(['settings', '--json', '--changed'], env).stdout);
  assert.deepEqual(Object.keys(json).sort(), ['admin_password', 'remote_defaults', 'worker_ttl']);
});

test('migrate works on an embedded database that is not running, and again', () => {
  const data = makeDataDirectory();
  assert.match(deckle(['migrate', '--data', data]).stdout, /^Applied \d+ migrations\.\n$/);
  assert.equal(deckle(['migrate', '--data', data]).stdout, 'The database is up to date.\n');
});

test('a process alone needs a migrated database', async () => {
  const data = makeDataDirectory();
  const without = deckle(['worker', '--data', data]);
  assert.match(without.stderr, /^This process needs a database: set database_url/);
  const empty = await useDatabase({ empty: true });
  const { status, stderr } = deckle(['content', '--data', data], { DECKLE_DATABASE_URL: empty.url });
  assert.match(stderr, /^The database needs \d+ migrations? first\. Run: deckle migrate/);
  assert.equal(status, 1);
});

test('serve and single processes work on an external database', async () => {
  const db = await useDatabase();
  const server = await startServer({ databaseUrl: db.url });
  assert.equal((await server.fetch('/pulp/api/v3/livez/')).status, 200);
  const words = ['api', '--data', server.data, '--bind', '127.0.0.1:0', '--log-level', 'debug'];
  const child = spawn(process.execPath, [main, ...words], { env: { ...process.env, DECKLE_DATABASE_URL: db.url } });
  const [said] = await once(child.stderr, 'data');
  assert.match(String(said), /./);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.equal(await server.stop(), 0);
});
