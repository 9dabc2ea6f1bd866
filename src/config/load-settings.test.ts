/** Tests of the sources of settings, their order, and what is refused. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadSettings, SettingsError } from './load-settings.ts';

function file(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'deckle-settings-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'deckle.toml');
  writeFileSync(path, text);
  return path;
}

function refusal(sources: Parameters<typeof loadSettings>[0]): string {
  try {
    loadSettings(sources);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.message;
  }
  return assert.fail('the settings were accepted');
}

test('defaults are typed and frozen', () => {
  const { settings, sources } = loadSettings({ env: {} });
  assert.equal(settings.workerTtl, 30);
  assert.equal(settings.contentOrigin, null);
  assert.equal(sources.worker_ttl, 'default');
  assert.ok(Object.isFrozen(settings));
  assert.equal(settings.mediaRoot, join(process.cwd(), 'data/media'));
});

test('flag beats DECKLE_ beats PULP_ beats file', () => {
  const config = file('worker_ttl = 1000\nworkers = 7\nAPI_ROOT = "/x/"');
  const env = { DECKLE_CONFIG: config, PULP_WORKER_TTL: '200' };
  assert.equal(loadSettings({ env: { DECKLE_CONFIG: config } }).settings.workerTtl, 1000);
  assert.equal(loadSettings({ env }).settings.workerTtl, 200);
  assert.equal(loadSettings({ env: { ...env, DECKLE_WORKER_TTL: '100' } }).settings.workerTtl, 100);
  const all = loadSettings({ env: { ...env, DECKLE_WORKER_TTL: '100' }, flags: { worker_ttl: '50' } });
  assert.equal(all.settings.workerTtl, 50);
  assert.equal(all.sources.worker_ttl, 'option --worker-ttl');
  assert.equal(all.settings.workers, 7);
  assert.equal(all.settings.apiRoot, '/x/');
});

test('values of the environment', () => {
  const { settings } = loadSettings({
    env: {
      PULP_ALLOWED_EXPORT_PATHS: '["/a", "/b"]',
      PULP_ALLOWED_IMPORT_PATHS: '@json ["/c"]',
      DECKLE_ALLOWED_HOSTS: 'a.example, b.example',
      PULP_DOMAIN_ENABLED: 'True',
      DECKLE_ADMIN_PASSWORD: '12345',
      PULP_CONTENT_ORIGIN: '"https://x.example"',
      PULP_REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES: '@json ["a.B"]',
      PULP_REMOTE_DEFAULTS__proxy_url: 'http://proxy:3128',
      DECKLE_REMOTE_DEFAULTS: '{proxy_username = "u"}',
      PULP_NO_SUCH_THING: '1',
    },
  });
  assert.deepEqual(settings.allowedExportPaths, ['/a', '/b']);
  assert.deepEqual(settings.allowedImportPaths, ['/c']);
  assert.deepEqual(settings.allowedHosts, ['a.example', 'b.example']);
  assert.equal(settings.domainEnabled, true);
  assert.equal(settings.adminPassword, '12345');
  assert.equal(settings.contentOrigin, 'https://x.example');
  assert.deepEqual(settings.authenticationClasses, ['a.B']);
  assert.deepEqual(settings.remoteDefaults, { proxy_url: 'http://proxy:3128', proxy_username: 'u' });
});

test("Pulp's database settings become a URL", () => {
  const { settings } = loadSettings({
    env: {
      PULP_DATABASES__default__HOST: 'db.example',
      PULP_DATABASES__default__NAME: 'pulp',
      PULP_DATABASES__default__USER: 'pulp',
      PULP_DATABASES__default__PASSWORD: 'a/b',
    },
  });
  assert.equal(settings.databaseUrl, 'postgresql://pulp:a%2Fb@/pulp?host=db.example&port=5432');
});

test('refusals name setting and source', () => {
  assert.match(refusal({ env: { DECKLE_WORKERS: 'many' } }), /environment DECKLE_WORKERS must be a whole number/);
  assert.match(refusal({ env: {}, flags: { worker_ttl: '0' } }), /option --worker-ttl must be at least 3/);
  assert.match(refusal({ env: { DECKLE_WROKERS: '1' } }), /Unknown setting in environment DECKLE_WROKERS/);
  assert.match(refusal({ env: {}, flags: { nonsense: 'x' } }), /Unknown option --nonsense/);
  const config = file('unknown_thing = 1\nworkers = "two"');
  const message = refusal({ env: {}, flags: { config } });
  assert.match(message, /Unknown setting unknown_thing in/);
  assert.match(message, /workers in .* must be a whole number, not "two"/);
  assert.match(refusal({ env: {}, flags: { config: '/no/such/file' } }), /cannot be read/);
});

test('starts refused by the rules of Pulp', () => {
  assert.match(refusal({ env: { PULP_API_ROOT: '/pulp' } }), /begin and end with a slash/);
  assert.match(refusal({ env: { PULP_ALLOWED_CONTENT_CHECKSUMS: '["sha512"]' } }), /must contain sha256/);
  assert.match(refusal({ env: { PULP_ALLOWED_CONTENT_CHECKSUMS: '["sha256","crc"]' } }), /unknown entries: crc/);
  assert.match(refusal({ env: { PULP_AUTHENTICATION_JSON_HEADER: 'X-A' } }), /HTTP_X_NAME/);
  assert.match(refusal({ env: { PULP_AUTHENTICATION_JSON_HEADER_JQ_FILTER: 'a' } }), /begin with a dot/);
  assert.match(refusal({ env: { PULP_DB_ENCRYPTION_KEY: '/no/such/key' } }), /\/no\/such\/key cannot be read/);
  assert.match(refusal({ env: { DECKLE_BIND: 'nonsense' } }), /address and a port/);
});
